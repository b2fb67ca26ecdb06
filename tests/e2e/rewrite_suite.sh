#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Other agents' programs on cgroups: some rewrite the address that connect(2) is given, as Cilium does with a service's;
# some have the root cgroup to themselves. In namespaces of its own; the root cgroup is everybody's, so what is put there
# concerns the test's addresses only, or is gone within seconds.
#
# usage: TCPCONNECT=… rewrite_suite.sh [--attach kprobe|sockops]
if [ "${REWRITE_SUITE_NAMESPACES:-}" != entered ]; then
	REWRITE_SUITE_NAMESPACES=entered exec unshare --net --mount bash "$0" "$@"
fi
. "$(dirname "$0")/lib.sh"
hooks=sockops
[ -e /sys/bus/event_source/devices/kprobe ] && hooks=kprobe
[ "${1:-}" != --attach ] || hooks=$2

root=$(mktemp -d) # not in $work, which is removed with all that is in it
child=$root/tcpconnect-test-$$

prepare() {
	ip link set lo up && ip -6 addr add fd99:2::2/128 dev lo && sysctl -qw net.ipv4.tcp_fastopen=5 &&
		mount -t cgroup2 none "$root" && mkdir "$child" &&
		printf '%s\n' '127.0.0.1 localhost' '10.99.0.1 before.test' '10.99.0.2 after.test' '10.99.0.3 root.test' \
			'fd99::1 six.test' '10.99.0.6 mapped.test' 'fd99::4 down.test' '127.0.0.9 plain.test' \
			'10.99.0.8 nowhere.test' '10.99.0.7 late.test' '127.0.0.1 backend.test' >"$work/hosts" &&
		mount --bind "$work/hosts" "$(realpath /etc/hosts)" &&
		printf 'hosts: files\n' >"$work/nsswitch.conf" &&
		mount --bind "$work/nsswitch.conf" "$(realpath /etc/nsswitch.conf)"
}

# agent CGROUP HOW HOOK [FROM TO]: another agent's program, until it is dismissed. Its process id is left in $agent.
agent() {
	: >"$work/agent"
	"$programs/cgroup_program" "$@" >"$work/agent" 2>&1 &
	agent=$!
	echo $agent >>"$work/agents" # check() runs its command in a subshell
	wait_until 10 said_or_ended "$work/agent" $agent
	cat "$work/agent"
	grep -q '^attached' "$work/agent"
}

said_or_ended() {
	[ -s "$1" ] || ended "$2"
}

# All of them have gone, and what they held.
dismiss() {
	local pid
	while read -r pid; do
		if [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = cgroup_program ]; then
			kill "$pid" && wait_until 10 ended "$pid"
		fi
	done <"$work/agents"
	: >"$work/agents"
}

leave() {
	dismiss
	wait_until 10 rmdir "$child"
	umount "$root" && rmdir "$root"
	cleanup
}
: >"$work/agents" >"$work/pids"
trap leave EXIT

# A check after which nobody is left, however it ended.
check_alone() {
	local pid
	check "$@"
	dismiss
	while read -r pid; do
		[ "$(cat "/proc/$pid/comm" 2>/dev/null)" != tcpconnect ] || kill -KILL "$pid"
	done <"$work/pids"
	: >"$work/pids"
}

# in_child COMMAND…: in the cgroup below the root.
in_child() {
	(
		echo $BASHPID >"$child/cgroup.procs" && exec "$@"
	)
}

client() {
	in_child timeout 60 /usr/bin/python3 "$here/rewrite_client.py" "$@" >>"$work/client" 2>&1
}

# From before the tool is there, and from after; on the root and below it.
agents_before() {
	agent "$child" link connect4 10.99.0.1@4080 127.0.0.1@4053 &&
		agent "$root" link connect4 10.99.0.3 127.0.0.3 &&
		agent "$child" alone connect6 fd99::1 fd99:2::2 # the older call, below the root
}

agents_after() {
	agent "$child" link connect4 10.99.0.2 127.0.0.2 &&
		agent "$root" multi connect6 ::ffff:10.99.0.6 ::1 # the older call, on the root
}

later_agents() {
	agent "$root" multi connect6 fd99::4 ::ffff:127.0.0.4 &&
		agent "$root" link connect4 10.99.0.8 203.0.113.1 &&
		agent "$root" link connect4 10.99.0.7 127.0.0.7
}

ports=4053,4080,4081,4082,4083,4084,4086,4087,4088,4089 # others connect too

# start NAME OPTION…: the tool, between the agents.
start() {
	trace "$@" --attach "$hooks" -P $ports || return
	tracer=$started
}

finish_trace() { # NAME ROWS
	wait_until 20 has_rows "$1" "$2"
	interrupt "$tracer"
}

places="before.test@4080 after.test@4081 root.test@4082 six.test@4083 ::ffff:10.99.0.6@4084 plain.test@4086 127.0.0.1@4087 0.0.0.0@4088 ::@4089"

# IP ASKED DADDR DPORT QUERY
expected_rows() {
	cat <<-END
		4 10.99.0.1 127.0.0.1 4053 before.test
		4 10.99.0.2 127.0.0.2 4081 after.test
		4 10.99.0.3 127.0.0.3 4082 root.test
		6 fd99::1 fd99:2::2 4083 six.test
		6 10.99.0.6 ::1 4084 No DNS Query
		4 127.0.0.9 127.0.0.9 4086 plain.test
		4 127.0.0.1 127.0.0.1 4087 localhost
		4 127.0.0.1 127.0.0.1 4088 localhost
		6 ::1 ::1 4089 localhost
	END
}

# Without the time that results have, and a name's age.
shown_rows() { # NAME
	tail -n +3 "$work/$1.out" | sed -E 's/ +/ /g; s/ \([0-9.]+ms\)$//; s/ $//; s/ [0-9]+\.[0-9]{3} / /'
}

same() { # FILE FILE
	diff -u "$1" "$2"
}

rewritten_addresses() {
	: >"$work/client"
	agents_before && start rows -d --columns ip,asked,daddr,dport && agents_after || return
	# shellcheck disable=SC2086 # places are several words
	client $places
	finish_trace rows 9
	dismiss
	cat "$work/client" "$work/rows.err"
	expected_rows >"$work/rows.expected"
	shown_rows rows >"$work/rows.shown"
	same "$work/rows.expected" "$work/rows.shown" && ! grep -q warning "$work/rows.err"
}

# What the process asked for is IPv6, and what goes out is not; the SYN that is late; the connect that fails at once.
rewritten_addresses_with_results() {
	local count=3
	: >"$work/client"
	[ "$hooks" != kprobe ] || count=4
	start results -d -r --columns ip,asked,daddr,dport,result && agents_before && later_agents || return
	client before.test@4080 down.test@4081 nowhere.test@4082 late:late.test@4083
	finish_trace results $count
	dismiss
	cat "$work/client" "$work/results.err"
	{
		echo "4 10.99.0.1 127.0.0.1 4053 ECONNREFUSED before.test"
		echo "4 fd99::4 127.0.0.4 4081 ECONNREFUSED down.test"
		[ "$hooks" != kprobe ] || echo "4 10.99.0.8 203.0.113.1 4082 ENETUNREACH nowhere.test"
		echo "4 10.99.0.7 127.0.0.7 4083 ECONNREFUSED late.test"
	} >"$work/results.expected"
	shown_rows results >"$work/results.shown"
	same "$work/results.expected" "$work/results.shown"
}

# -d alone: the name is the service's, and there is no column that nobody asked for.
named_without_a_column() {
	start names -d && agents_before || return
	client before.test@4080
	finish_trace names 1
	dismiss
	cat "$work/names.out" "$work/names.err"
	grep -qE '^PID +COMM +IP SADDR +DADDR +DPORT +QUERY$' "$work/names.out" &&
		grep -qE ' 4  127\.0\.0\.1 +127\.0\.0\.1 +4053 +before\.test' "$work/names.out"
}

asked_in_json() {
	start_traced "$work/json.out" "$work/json.err" "$TCPCONNECT" --cache "$cache" --attach "$hooks" --json -d \
		--columns asked -P $ports
	tracer=$started
	echo "$tracer" >>"$work/pids"
	agents_before || return
	wait_until "$START_BOUND" a_record_of before.test@4080 127.0.0.1@4081 # which is all that says it traces
	interrupt "$tracer"
	dismiss
	cat "$work/json.out" "$work/json.err"
	grep -q '"daddr":"127.0.0.1","dport":4053,"query":"before.test".*"asked":"10.99.0.1"' "$work/json.out" &&
		grep -q '"daddr":"127.0.0.1","dport":4081,.*"asked":"127.0.0.1"' "$work/json.out"
}

a_record_of() {
	client "$@"
	grep -q '"dport":4081,' "$work/json.out"
}

# The largest event that is made on the stack, and one that is not.
beside_all_columns() {
	local columns=+asked,ppid,process,host,cgroup,container,netns,mntns more
	agents_before || return
	for more in '' ,exe,args; do
		start all -d -r --columns "$columns$more" || return
		client before.test@4080
		finish_trace all 1
		cat "$work/all.out" "$work/all.err"
		grep -qE ' 127\.0\.0\.1 +4053 +ECONNREFUSED .* 10\.99\.0\.1 .* before\.test' "$work/all.out" || return
	done
}

# A process that asks 10.99.0.53:53 is led to another port, and its answers come from there.
resolver_on_another_port() {
	/usr/bin/python3 "$here/rewrite_resolver.py" serve 127.0.0.6@4054 >"$work/resolver" 2>&1 &
	pids+=($!)
	wait_until 10 grep -q ready "$work/resolver" && agent "$child" link connect4 10.99.0.53@53 127.0.0.6@4054 &&
		agent "$child" link sendmsg4 10.99.0.53@53 127.0.0.6@4054 &&
		agent "$child" link recvmsg4 127.0.0.6@4054 10.99.0.53@53 &&
		start resolver -d --dns-source wire --columns daddr,dport || return
	in_child timeout 60 /usr/bin/python3 "$here/rewrite_resolver.py" ask connected 10.99.0.53 127.0.0.51.test 4081
	in_child timeout 60 /usr/bin/python3 "$here/rewrite_resolver.py" ask each 10.99.0.53 127.0.0.52.test 4082
	finish_trace resolver 2
	kill "${pids[@]}"
	cat "$work/resolver.out" "$work/resolver.err"
	grep -qE '^127\.0\.0\.51 +4081 +127\.0\.0\.51\.test' "$work/resolver.out" &&
		grep -qE '^127\.0\.0\.52 +4082 +127\.0\.0\.52\.test' "$work/resolver.out"
}

# What nobody asked for costs nothing.
only_where_it_is_asked_for() {
	! "$TCPCONNECT" --attach "$hooks" --ebpf -r | grep -q asked_ &&
		"$TCPCONNECT" --attach "$hooks" --ebpf -d | grep -q '^#define COLUMN_ASKED' &&
		"$TCPCONNECT" --attach "$hooks" --ebpf --columns +asked | grep -q '^#define COLUMN_ASKED' &&
		"$TCPCONNECT" --cache "$cache" --columns help | grep -q '^asked '
}

# alone HOW HOOK…: has the root cgroup to itself. Other tracers may be there just now.
alone() {
	wait_until 20 agent "$root" "$@" >/dev/null
}

# check_beside DESCRIPTION FUNCTION HOW HOOK…: a check while an agent has the root cgroup to itself.
check_beside() {
	local description=$1 function=$2
	shift 2
	if alone "$@"; then
		check_alone "$description" "$function"
	else
		dismiss
		skip "$description" "others trace on this machine just now"
	fi
}

# One warning, or an error, that says who is in the way; and nothing about privileges.
names_the_holder() { # NAME
	local id
	id=$(sed -n 's/^attached //p' "$work/agent")
	cat "$work/$1.err"
	[ "$(grep -c "program $id 'other_agent' of process $agent (cgroup_program)" "$work/$1.err")" = 1 ] &&
		! grep -qE 'root, or|CAP_|not permitted' "$work/$1.err"
}

names_come_otherwise() {
	start held -d --columns daddr,dport || return
	client plain.test@4086
	finish_trace held 1
	dismiss
	cat "$work/held.out"
	names_the_holder held && [ "$(grep -c warning "$work/held.err")" = 1 ] &&
		grep -qE '^127\.0\.0\.9 +4086 +plain\.test' "$work/held.out"
}

asked_is_what_goes_out() {
	start held --columns asked,daddr,dport || return
	client before.test@4080
	finish_trace held 1
	dismiss
	cat "$work/held.out"
	if [ "$hooks" = kprobe ]; then
		grep -qE '^10\.99\.0\.1 +127\.0\.0\.1 +4080' "$work/held.out" && ! grep -q warning "$work/held.err"
	else
		names_the_holder held && grep -qE '^127\.0\.0\.1 +127\.0\.0\.1 +4080' "$work/held.out"
	fi
}

sockops_cannot_do_without() {
	local status
	timeout 60 "$TCPCONNECT" --cache "$cache" --attach sockops >"$work/held.out" 2>"$work/held.err"
	status=$?
	dismiss
	[ $status = 1 ] && names_the_holder held
}

# Whoever comes later: beside the tool on the root, and in whatever way below it.
others_can_attach() {
	start others -d || return
	agent "$root" link ingress && agent "$root" multi ingress && agent "$root" multi connect4 &&
		agent "$child" alone ingress && agent "$child" override egress
	local status=$?
	dismiss
	interrupt "$tracer"
	return $status
}

# Names of the C library alone take nothing of the root cgroup, and leave it to the older call.
others_can_attach_alone() {
	start libc -d --dns-source libc || return
	alone alone ingress && alone override connect4
	local status=$?
	dismiss
	interrupt "$tracer"
	return $status
}

echo "# rewritten addresses, and others' programs on the root cgroup: $(uname -r), $hooks"
check "namespaces, names and cgroups" prepare
prepare_failed=$tests_failed
if [ "$prepare_failed" = 0 ]; then
	check_alone "asked and named is what the process gave" rewritten_addresses
	check_alone "likewise with results" rewritten_addresses_with_results
	check_alone "-d names what the process gave, in the usual columns" named_without_a_column
	check_alone "asked in JSON" asked_in_json
	check_alone "asked beside all other columns" beside_all_columns
	check_alone "answers of a resolver on another port" resolver_on_another_port
	check "nothing of it without -d and the column" only_where_it_is_asked_for
	check_alone "others can attach beside the tool" others_can_attach
	if [ "$hooks" = kprobe ]; then
		check_alone "with --dns-source libc others can attach alone" others_can_attach_alone
	else
		skip "with --dns-source libc others can attach alone" "sockops needs the root cgroup"
	fi
	check_beside "an exclusive program on the root cgroup: names come otherwise" names_come_otherwise alone ingress
	check_beside "likewise one that can be overridden below" names_come_otherwise override ingress
	check_beside "an exclusive connect4 program on the root cgroup" asked_is_what_goes_out \
		alone connect4 10.99.0.1 127.0.0.1
	if [ "$hooks" = sockops ]; then
		check_beside "an exclusive sockops program is named" sockops_cannot_do_without alone sockops
	else
		skip "an exclusive sockops program is named" "only sockops cannot do without"
	fi
fi
finish
