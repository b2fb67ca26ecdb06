#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every option against real sockets, on the kernel that this runs on. Ports that nobody listens on do: a refused
# connect is a connect.
#
# usage: TCPCONNECT=… suite.sh [--hooks kprobe|sockops] [--quick]      --quick: rows, columns, counts, filters
. "$(dirname "$0")/lib.sh"
hooks=kprobe
quick=no
while [ $# -gt 0 ]; do
	case $1 in
	--hooks)
		hooks=$2
		shift
		;;
	--quick) quick=yes ;;
	esac
	shift
done
echo "# $(uname -r), hooks: $hooks"

# All kinds connect under one trace; each is then held to its own rows.
clients_are_traced() {
	trace all -U -L || return 1
	local pid=$started
	clients --rows "$work/all.rows" $(client_kinds) >"$work/all.clients" || return 1
	wait_until 10 has_rows all "$(wc -l <"$work/all.rows")"
	interrupt "$pid" || return 1
	cat "$work/all.err"
	[ -s "$work/all.rows" ]
}

# all kinds but the one whose row is looked at in a test of its own
client_kinds() {
	sed -n '/^KINDS/,/]/p' "$here/clients.py" | grep -oE '[a-z_0-9]+' | grep -v odd_name
}

report_clients() {
	local kind result why
	while read -r kind result why; do
		if [ "$result" = skipped ]; then
			skip "client $kind" "$why"
		else
			check "client $kind has its row" /usr/bin/python3 "$here/compare_rows.py" --kind "$kind" \
				"$work/all.rows" "$work/all.out"
		fi
	done <"$work/all.clients"
}

a_command_with_control_characters_does_no_harm() {
	trace odd || return 1
	local pid=$started
	clients odd_name || return 1
	wait_until 10 has_rows odd 1
	interrupt "$pid" && grep -q 'a\\x1b\[31mb c' "$work/odd.out" && ! grep -q $'\033' "$work/odd.out"
}

# filtered NAME WANTED UNWANTED OPTION…: of connects to ports 1001 to 1003 over IPv4 and IPv6, as root and as uid 1,
# those whose row matches WANTED are printed, and none that matches UNWANTED.
filtered() {
	local name=$1 wanted=$2 unwanted=$3 pid
	shift 3
	trace "$name" -U "$@" || return 1
	pid=$started
	for port in 1001 1002 1003; do
		connect_to 127.0.0.1 $port
		connect_to ::1 $port
		setpriv --reuid 1 --clear-groups bash -c "echo >/dev/tcp/127.0.0.1/$port" 2>/dev/null
	done
	wait_until 10 grep -qE "$wanted" "$work/$name.out"
	interrupt "$pid"
	grep -qE "$wanted" "$work/$name.out" || {
		cat "$work/$name.out"
		return 1
	}
	! tail -n +3 "$work/$name.out" | grep -E "$unwanted"
}

one_pid() {
	local reader=$work/pid.fifo
	mkfifo "$reader"
	# a process that connects when it is told to, so that its id can be filtered for
	bash -c 'read -r -t 120 line; echo >/dev/tcp/127.0.0.1/1001' <"$reader" 2>/dev/null &
	local connecting=$!
	exec 4>"$reader"
	trace pid -p "$connecting,4194304" || return 1
	local pid=$started
	connect_to 127.0.0.1 1001
	echo go >&4
	exec 4>&-
	wait_for "$connecting"
	wait_until 10 has_rows pid 1
	interrupt "$pid"
	[ "$(rows pid)" = 1 ] && grep -qE "^$connecting +bash " "$work/pid.out"
}

time_runs_from_the_first_row() {
	trace time -t -P 1001 || return 1
	local pid=$started
	connect_to 127.0.0.1 1001 3
	wait_until 10 has_rows time 3
	interrupt "$pid"
	sed -n 3p "$work/time.out" | grep -qE '^0\.000    [0-9]+ ' &&
		tail -n +3 "$work/time.out" | cut -c1-9 | sort -c -n
}

counts_are_right() {
	trace count -c -P 1001,1002 || return 1
	local pid=$started
	connect_to 127.0.0.1 1001 7
	connect_to 127.0.0.1 1002 2
	connect_to ::1 1001 5
	interrupt "$pid" || return 1
	cat "$work/count.out"
	cat >"$work/count.expected" <<-END
		Tracing connect ... Hit Ctrl-C to end

		LADDR                     RADDR                     RPORT                CONNECTS  
		127.0.0.1                 127.0.0.1                 1001                 7         
		127.0.0.1                 127.0.0.1                 1002                 2         
		::1                       ::1                       1001                 5         
	END
	cmp "$work/count.expected" "$work/count.out"
}

# edit NAME FILE PERL: a copy of the probes in $work/NAME, with one change by a perl substitution.
edit() {
	cp -r "$here/../../probes" "$work/$1" && perl -0pi -e "$3" "$work/$1/$2"
	! cmp -s "$here/../../probes/$2" "$work/$1/$2" || {
		echo "the edit of $2 changed nothing"
		return 1
	}
}

# Another constant: room for two flows.
connects_that_are_not_counted_are_reported() {
	local pid port
	edit few connect.h 's/#define FLOWS \d+/#define FLOWS 2/' && trace few -c -P 1001,1002,1003,1004,1005 --probes "$work/few" || return 1
	pid=$started
	for port in 1001 1002 1003 1004 1005; do connect_to 127.0.0.1 $port; done
	interrupt "$pid" || return 1
	cat "$work/few.err" "$work/few.out"
	[ "$(grep -c '^127' "$work/few.out")" = 2 ] && grep -q 'lost in all: 3 connects, not counted' "$work/few.err"
}

# A stricter condition.
an_edited_condition_takes_effect() {
	edit strict filter.h 's/(int port_passes\(u16 dport\)\n\{\n)/$1\tif (dport == 1002)\n\t\treturn 0;\n/' &&
		trace strict -P 1002,1003 --probes "$work/strict" || return 1
	local pid=$started
	connect_to 127.0.0.1 1002
	connect_to 127.0.0.1 1003
	wait_until 10 has_rows strict 1
	interrupt "$pid"
	[ "$(rows strict)" = 1 ] && grep -q ' 1003 ' "$work/strict.out"
}

# Another hook: every socket that goes to SYN_SENT has a second row, with port 9999.
an_added_hook_is_attached() {
	cp -r "$here/../../probes" "$work/hook"
	cat >>"$work/hook/connect.h" <<-'END'
		int raw_tracepoint__inet_sock_set_state(struct bpf_raw_tracepoint_args *ctx)
		{
			struct event event = {.family = AF_INET, .dport = 9999};

			if (ctx->args[2] == 2)
				report_connect(ctx, &event);
			return 0;
		}
	END
	trace hook --probes "$work/hook" || return 1
	local pid=$started
	connect_to 127.0.0.1 1001
	wait_until 10 has_rows hook 2
	interrupt "$pid"
	cat "$work/hook.out"
	[ "$(rows hook)" = 2 ] && grep -q ' 1001 ' "$work/hook.out" && grep -q ' 0\.0\.0\.0 .* 9999 ' "$work/hook.out"
}

# patched NAME OPTION…: starts with a copy of the probes that examples/probes/NAME.patch was applied to.
patched() {
	cp -r "$here/../../probes" "$work/$1" &&
		patch -d "$work/$1" -p2 <"$here/../../examples/probes/$1.patch" &&
		trace "$1" --probes "$work/$1" "${@:2}"
}

the_example_not_loopback_leaves_it_out() {
	patched not-loopback -P 1001,1002 || return 1
	local pid=$started
	connect_to 127.0.0.1 1001
	# an address of this machine that is not of 127.0.0.0/8
	unshare -n sh -c 'ip link set lo up && ip addr add 10.9.8.7/32 dev lo && exec "$@"' - \
		bash -c 'echo >/dev/tcp/10.9.8.7/1002' 2>/dev/null
	wait_until 10 has_rows not-loopback 1
	interrupt "$pid"
	cat "$work/not-loopback.out"
	[ "$(rows not-loopback)" = 1 ] && grep -q ' 10.9.8.7 ' "$work/not-loopback.out"
}

# 127.0.0.1 as an IPv6 address (RFC 4291, 2.5.5.2): loopback too, though -6 shows it as IPv6 where sockops is used.
the_example_not_loopback_knows_mapped_addresses() {
	trace mapped --probes "$work/not-loopback" -P 1001,1002 "$@" || return 1
	local pid=$started
	connect_to ::ffff:127.0.0.1 1001
	connect_to ::1 1001
	unshare -n sh -c 'ip link set lo up && ip addr add 2001:db8::7/128 dev lo nodad && exec "$@"' - \
		bash -c 'echo >/dev/tcp/2001:db8::7/1002' 2>/dev/null
	wait_until 10 has_rows mapped 1
	interrupt "$pid"
	cat "$work/mapped.out"
	[ "$(rows mapped)" = 1 ] && grep -q ' 2001:db8::7 ' "$work/mapped.out"
}

the_example_once_shows_each_target_once() {
	patched once -P 1001,1002 || return 1
	local pid=$started
	connect_to 127.0.0.1 1001 5
	connect_to 127.0.0.1 1002 5
	wait_until 10 has_rows once 2
	interrupt "$pid"
	cat "$work/once.out"
	[ "$(rows once)" = 2 ]
}

the_example_accept_shows_who_comes_in() {
	patched accept -L || return 1
	local pid=$started
	/usr/bin/python3 - <<-'PYTHON'
		import socket
		with socket.create_server(("127.0.0.1", 1001)) as server:
		    with socket.create_connection(("127.0.0.1", 1001)):
		        server.accept()
	PYTHON
	wait_until 10 grep -qE ' 4  127\.0\.0\.1 +1001 +127\.0\.0\.1 ' "$work/accept.out" # LPORT is the server's
	interrupt "$pid"
	cat "$work/accept.out"
	grep -qE ' 127\.0\.0\.1 +1001 +127\.0\.0\.1 ' "$work/accept.out" && grep -qE ' 127\.0\.0\.1 +1001 *$' "$work/accept.out"
}

a_mistake_in_a_probe_is_shown_where_it_is() {
	edit mistake filter.h 's/(int port_passes\(u16 dport\)\n\{\n)/$1\tno_such_thing;\n/' || return 1
	local line
	line=$(grep -n no_such_thing "$work/mistake/filter.h" | cut -d: -f1)
	refused 1 "^filter.h:$line:2: error: use of undeclared identifier 'no_such_thing'" --probes "$work/mistake" &&
		grep -q '^tcpconnect: the probe does not compile' "$work/refused.err"
}

# The most natural edit: libbcc turns the access into a call that programs of cgroups may not make.
a_filter_may_read_the_task() {
	edit task filter.h 's/(int task_passes\(void\)\n\{\n)/$1\tstruct task_struct *me = (void *)bpf_get_current_task();\n\tif (me->real_parent->tgid == 1 || me->tgid == 1)\n\t\treturn 0;\n/' || return 1
	trace task --probes "$work/task" -P 1001 || return 1
	local pid=$started
	connect_to 127.0.0.1 1001
	wait_until 10 has_rows task 1
	interrupt "$pid"
	[ "$(rows task)" = 1 ]
}

an_unknown_function_is_shown_where_it_is_called() {
	edit called filter.h 's/(int port_passes\(u16 dport\)\n\{\n)/$1\tno_such_function(1);\n/' || return 1
	local line
	line=$(grep -n no_such_function "$work/called/filter.h" | cut -d: -f1)
	refused 1 "^filter.h:$line:2: error: implicit declaration of function 'no_such_function'" --probes "$work/called"
}

# LLVM ends the compiler for this one: what it said is not lost.
an_event_that_is_too_large_is_said_to_be() {
	edit large event.h 's/(char comm\[16\];)/$1\n\tchar large[600];/' || return 1
	refused 1 "stack limit of 512 bytes\|the probe does not compile" --probes "$work/large" &&
		[ "$(grep -c '^tcpconnect: ' "$work/refused.err")" = 1 ]
}

# clang's warnings about the probes are for whoever edits them, those about headers for nobody.
warnings_about_an_edited_probe_are_shown() {
	edit warned filter.h 's/(int port_passes\(u16 dport\)\n\{\n)/$1\tchar *text = &dport;\n\tif (!text)\n\t\treturn 0;\n/' || return 1
	trace warned --probes "$work/warned" || return 1
	interrupt "$started"
	cat "$work/warned.err"
	grep -q '^filter.h:[0-9]*:[0-9]*: warning: incompatible pointer types' "$work/warned.err" &&
		! grep -E '^[^ ]*/.*warning' "$work/warned.err" || return 1
	trace unwarned || return 1
	interrupt "$started"
	[ ! -s "$work/unwarned.err" ]
}

# a_hook_is_refused FUNCTION WORDS: a function of this name says which hook, and why it cannot be.
a_hook_is_refused() {
	rm -rf "$work/hook"
	edit hook "connect_$hooks.c" "s/\\z/int $1(void *ctx) { return 0; }\\n/" || return 1
	refused 1 "$2" --probes "$work/hook"
}

a_probe_that_the_kernel_refuses_is_named() {
	edit unsafe connect.h 's/(static __always_inline void report_connect\(.*\n\{\n)/$1\tif (*(u64 *)ctx == 1 && *(u64 *)(*(u64 *)ctx) == 2)\n\t\treturn;\n/' || return 1
	refused 1 "the kernel refused \(kretprobe__tcp_v4_connect\|sockops__tcp_connect\): " --probes "$work/unsafe" &&
		grep '^; ' "$work/refused.err" && # the lines of the text that it is about
		! grep 'from Linux 6.18 on' "$work/refused.err" # which is another reason
}

# Without the C library's names it still traces, and says so.
a_refused_program_for_names_costs_names_only() {
	edit no_names dns_libc.c 's/(int uretprobe__getaddrinfo\(.*\n\{\n)/$1\tif (*(u64 *)ctx == 1 && *(u64 *)(*(u64 *)ctx) == 2)\n\t\treturn 0;\n/' || return 1
	trace no_names -d --dns-source libc --probes "$work/no_names" -P 1001 || return 1
	local pid=$started
	connect_to 127.0.0.1 1001
	wait_until 10 has_rows no_names 1
	interrupt "$pid"
	cat "$work/no_names.err"
	[ "$(rows no_names)" = 1 ] && grep -q 'warning: names may be missing, since the C library cannot be hooked' "$work/no_names.err"
}

# A user's own mount namespace with a pipe where a C library could be: root must not wait at it.
a_strangers_mount_namespace_holds_nothing_up() {
	local stranger status
	mkdir -p "$work/lib" && mkfifo "$work/lib/ld-musl-evil.so.1" "$work/hold" && chmod 755 "$work" "$work/lib" || return 1
	exec 6<>"$work/hold"
	setpriv --reuid 65534 --clear-groups unshare -Urm sh -c 'mount --bind "$0" "$1" && echo ready && read -r -t 300 _' \
		"$work/lib" "$(readlink -f /lib)" <&6 >"$work/stranger" &
	stranger=$!
	wait_until 10 grep -q ready "$work/stranger" || return 1
	trace stranger -d -P 1001 && interrupt "$started"
	status=$?
	echo >&6
	exec 6<&-
	wait_for "$stranger"
	return $status
}

# In a cgroup namespace sockops sees a part of the host only.
a_part_of_the_cgroups_is_said_to_be_one() {
	local root
	root=$(awk '$3 == "cgroup2" {print $2; exit}' /proc/mounts)
	mkdir -p "$root/tcpconnect-part" || return 1
	start_traced "$work/part.out" "$work/part.err" sh -c 'echo $$ >"$0/cgroup.procs" && exec unshare -C "$@"' \
		"$root/tcpconnect-part" "$TCPCONNECT" --cache "$cache" -P 1001
	echo "$started" >>"$work/pids"
	wait_until "$START_BOUND" traces_or_ended part "$started"
	interrupt "$started"
	rmdir "$root/tcpconnect-part"
	cat "$work/part.err"
	grep -q 'warning: only processes of this container' "$work/part.err"
}

# The tool knows its own maps from one that is pinned under the same name.
a_pinned_map_may_have_any_name() {
	local pin=$bpffs/tcpconnect_test_name status
	rm -f "$pin"
	bpftool map create "$pin" type hash key 8 value 8 entries 2 name flows flags 0 || return 1
	trace name --cgroupmap "$pin" && interrupt "$started" && trace name -c --cgroupmap "$pin" && interrupt "$started"
	status=$?
	rm -f "$pin"
	return $status
}

an_unknown_function_is_not_hooked() {
	edit symbol "connect_$hooks.c" 's/\z/int kprobe__no_such_function(struct pt_regs *ctx) { return 0; }\n/' || return 1
	trace symbol --probes "$work/symbol" || return 1
	interrupt "$started"
	grep 'warning: not hooked.*no_such_function' "$work/symbol.err"
}

# As on a kernel without IPv6, or before its module is loaded: said once, and IPv4 is traced.
without_ipv6_it_says_so() {
	edit no_ipv6 connect_kprobe.c 's/tcp_v6_connect/tcp_v6_connect_gone/g' || return 1
	trace no_ipv6 --probes "$work/no_ipv6" -P 1017 || return 1
	local pid=$started
	connect_to 127.0.0.1 1017
	wait_until 10 has_rows no_ipv6 1
	interrupt "$pid"
	cat "$work/no_ipv6.err"
	[ "$(rows no_ipv6)" = 1 ] && [ "$(grep -c 'IPv6 connects are not traced' "$work/no_ipv6.err")" = 1 ] &&
		[ "$(wc -l <"$work/no_ipv6.err")" = 1 ]
}

an_unknown_tracepoint_is_not_hooked() {
	edit tracepoint "connect_$hooks.c" 's/\z/int raw_tracepoint__no_such_point(void *ctx) { return 0; }\n/' || return 1
	trace tracepoint --probes "$work/tracepoint" || return 1
	interrupt "$started"
	grep 'warning: not hooked.*no_such_point' "$work/tracepoint.err"
}

without_any_function_to_hook_it_ends() {
	edit nothing connect_kprobe.c 's/tcp_v([46])_connect/no_such_v$1_connect/g' || return 1
	refused 1 "nothing to trace with" --probes "$work/nothing"
}

# The ids of the programs that a process holds.
programs_of() {
	cat /proc/"$1"/fdinfo/* 2>/dev/null | sed -n 's/^prog_id:[[:space:]]*//p' | sort -u
}

# gone ID…: none of these programs is loaded any more.
gone() {
	local id
	for id in "$@"; do
		! bpftool prog show id "$id" >/dev/null 2>&1 || return 1
	done
}

kill_leaves_nothing_behind() {
	trace killed || return 1
	local ids
	ids=$(programs_of "$started")
	[ -n "$ids" ] || return 1
	kill -KILL "$started"
	wait_for "$started" 2>/dev/null
	wait_until 10 gone $ids
}

ends_by() {
	trace "by$1" -P 1006 || return 1
	local ids
	ids=$(programs_of "$started")
	connect_to 127.0.0.1 1006
	kill "-$1" "$started"
	wait_for "$started" && [ "$(rows "by$1")" = 1 ] && [ -n "$ids" ] && wait_until 10 gone $ids
}

# json NAME: each line of a trace is a JSON object, by two judges.
json_lines() {
	jq -es 'length > 0 and all(type == "object")' "$work/$1.out" >/dev/null &&
		/usr/bin/python3 -m json.tool --json-lines "$work/$1.out" >/dev/null
}

# trace_json NAME OPTION…: as trace, of an output that has no header; waits for a first row by connecting to a port
# of its own until one shows.
trace_json() {
	local name=$1
	shift
	start_traced "$work/$name.out" "$work/$name.err" "$TCPCONNECT" --cache "$cache" --json "$@"
	echo "$started" >>"$work/pids"
	wait_until "$START_BOUND" shows_json "$name" "$started" && kill -0 "$started"
}

shows_json() {
	! kill -0 "$2" 2>/dev/null || [ -s "$work/$1.out" ] || {
		connect_to 127.0.0.1 1099
		sleep 0.2
		[ -s "$work/$1.out" ]
	}
}

has_objects() {
	[ "$(jq -c "select($2)" "$work/$1.out" 2>/dev/null | wc -l)" -ge "$3" ]
}

a_connect_is_an_object() {
	trace_json json -r -d || return 1
	local pid=$started
	connect_to 127.0.0.1 1001
	connect_to ::1 1002
	wait_until 10 has_objects json '.dport == 1001 or .dport == 1002' 2
	interrupt "$pid"
	cat "$work/json.out"
	json_lines json && jq -es --arg pid "$pid" '
		map(select(.dport == 1001)) | length == 1 and (.[0] |
			(.time | test("^20[0-9-]+T[0-9:]+[.][0-9]{9}Z$")) and .ip == 4 and .saddr == "127.0.0.1" and
			.daddr == "127.0.0.1" and .comm == "python3" and .uid == 0 and .pid > 0 and .tid == .pid and
			.lport > 0 and .query == null and .query_from == null and .result == "ECONNREFUSED" and
			.errno == 111 and .latency_ms >= 0 and .latency_ms < 10000)' "$work/json.out"
}

# The wall clock: the time of an object lies between before and after.
json_time_is_the_time_of_day() {
	local before after
	before=$(date -u +%FT%T.%NZ)
	trace_json clock || return 1
	interrupt "$started"
	after=$(date -u +%FT%T.%NZ)
	jq -es --arg before "$before" --arg after "$after" 'all(.time > $before and .time < $after)' "$work/clock.out"
}

strange_names_are_valid_json() {
	trace_json strange --columns process,args || return 1
	local pid=$started
	/usr/bin/python3 - <<-'PYTHON'
		import ctypes, socket
		for name in (b'a"b\\c', b"\xff\xfe", b"\xc3", b"\n\t\x01", b"\xed\xa0\x80"):
		    ctypes.CDLL(None).prctl(15, name, 0, 0, 0)
		    with socket.socket() as sock:
		        sock.connect_ex(("127.0.0.1", 1003))
	PYTHON
	wait_until 10 has_objects strange '.dport == 1003' 5
	interrupt "$pid"
	cat "$work/strange.out"
	json_lines strange && has_objects strange '.dport == 1003 and .comm == "a\"b\\c"' 1
}

# What the columns tell, held against what /proc tells of the same process.
columns_about_the_process() {
	trace_json process --columns ppid,process,exe,args,host,netns,mntns,user,cgroup,container || return 1
	local pid=$started
	/usr/bin/python3 - "a b" >"$work/process.own" <<-'PYTHON'
		import ctypes, json, os, socket, threading
		def connect():
		    ctypes.CDLL(None).prctl(15, b"worker", 0, 0, 0)
		    with socket.socket() as sock:
		        sock.connect_ex(("127.0.0.1", 1004))
		thread = threading.Thread(target=connect)
		thread.start()
		thread.join(30)
		inode = lambda kind: os.stat(f"/proc/self/ns/{kind}").st_ino
		print(json.dumps({
		    "ppid": os.getppid(), "process": open("/proc/self/comm").read().rstrip(), "comm": "worker",
		    "exe": os.readlink("/proc/self/exe"), "args": open("/proc/self/cmdline").read()[:-1].split("\0"),
		    "host": os.uname().nodename, "netns": inode("net"), "mntns": inode("mnt"), "user": "root",
		    "cgroup": [line[3:].rstrip() for line in open("/proc/self/cgroup") if line.startswith("0::")][0],
		    "container": None}))
	PYTHON
	wait_until 10 has_objects process '.dport == 1004' 1
	interrupt "$pid"
	cat "$work/process.own" "$work/process.out"
	jq -es '.[0] as $own | map(select(.dport == 1004)) | length == 1 and (.[0] as $row | $own | to_entries |
		all(.value == $row[.key] or (.key == "host" and ($row.host | length) == 63)))' \
		"$work/process.own" "$work/process.out"
}

# The same in a table, in place of the usual columns and behind them.
columns_in_a_table() {
	trace columns --columns dport,process,exe,result -P 1005 || return 1
	local pid=$started
	connect_to 127.0.0.1 1005
	wait_until 10 has_rows columns 1
	interrupt "$pid"
	cat "$work/columns.out"
	grep -qE '^DPORT +PROCESS +EXE +RESULT' "$work/columns.out" &&
		grep -qE '^1005 +python3 +/usr/bin/python3[.0-9]* +ECONNREFUSED ' "$work/columns.out" || return 1
	trace more --columns +ppid -T -L -P 1005 || return 1
	pid=$started
	connect_to 127.0.0.1 1005
	wait_until 10 has_rows more 1
	interrupt "$pid"
	cat "$work/more.out"
	grep -qE '^TIME +PID +COMM +IP SADDR +LPORT +DADDR +DPORT +PPID' "$work/more.out" &&
		grep -qE '^[0-2][0-9]:[0-5][0-9]:[0-5][0-9][.][0-9]{3} [0-9]+ +python3 ' "$work/more.out"
}

# A member that somebody adds is a column, with nothing said.
a_member_that_is_added_is_a_column() {
	patched mark -r -P 1006 || return 1
	local pid=$started
	connect_with_mark 42
	wait_until 10 has_rows mark 1
	interrupt "$pid"
	cat "$work/mark.out"
	grep -qE ' DPORT +RESULT +LAT\(ms\) +MARK' "$work/mark.out" &&
		grep -qE ' 1006 +ECONNREFUSED +[0-9.]+ +0x2a +$' "$work/mark.out" || return 1
	trace_json mark-json --probes "$work/mark" || return 1
	pid=$started
	connect_with_mark 43
	wait_until 10 has_objects mark-json '.dport == 1006 and .mark == 43' 1
	interrupt "$pid"
	has_objects mark-json '.dport == 1006 and .mark == 43' 1
}

connect_with_mark() {
	/usr/bin/python3 - "$1" <<-'PYTHON'
		import socket, sys
		with socket.socket() as sock:
		    sock.setsockopt(socket.SOL_SOCKET, 36, int(sys.argv[1]))
		    sock.connect_ex(("127.0.0.1", 1006))
	PYTHON
}

an_unknown_column_lists_what_there_is() {
	refused 1 "there is no column 'nonsense'; there are: time, reltime, pid, " --columns pid,nonsense
}

columns_help_lists_them() {
	"$TCPCONNECT" --cache "$cache" --columns help --probes "$work/mark" >"$work/help.out" || return 1
	grep -qE '^latency_ms +from the connect' "$work/help.out" && grep -qE "^mark +a member of the probe's" "$work/help.out"
}

counts_of_failures() {
	trace failed -c -r || return 1
	local pid=$started
	connect_to 127.0.0.1 1007 5
	/usr/bin/python3 - <<-'PYTHON'
		import socket
		with socket.create_server(("127.0.0.1", 1008)):
		    for _ in range(3):
		        socket.create_connection(("127.0.0.1", 1008)).close()
	PYTHON
	interrupt "$pid"
	cat "$work/failed.out"
	grep -qE '^LADDR +RADDR +RPORT +CONNECTS +FAILED' "$work/failed.out" &&
		grep -qE '^127.0.0.1 +127.0.0.1 +1007 +5 +5 +$' "$work/failed.out" &&
		grep -qE '^127.0.0.1 +127.0.0.1 +1008 +3 +0 +$' "$work/failed.out"
}

# Connects that nobody answers, more of them than there is room for: those are reported as lost, the others pending.
what_is_under_way_is_bounded() {
	edit bounded connect.h 's/define PENDING 10240/define PENDING 8/' || return 1
	trace bounded -r --probes "$work/bounded" -P 1018 || return 1
	local pid=$started
	unshare -n sh -c 'ip link set lo up && ip addr add 192.0.2.1/32 dev lo &&
		ip route add 203.0.113.0/24 dev lo && exec "$@"' - /usr/bin/python3 - <<-'PYTHON'
		import socket
		socks = [socket.socket() for _ in range(20)]
		for sock in socks:
		    sock.setblocking(False)
		    sock.connect_ex(("203.0.113.9", 1018))
		print("connecting", flush=True)
		for sock in socks:  # and the next one finds room again
		    sock.close()
	PYTHON
	wait_until 10 has_rows bounded 8
	interrupt "$pid"
	cat "$work/bounded.out" "$work/bounded.err"
	[ "$(rows bounded)" = 8 ] && [ "$(grep -c ' closed ' "$work/bounded.out")" = 8 ] &&
		grep -q "lost in all: 12 connects: more were under way than the map 'pending' holds" "$work/bounded.err"
}

# Clocks that are off: rows show at once all the same.
in_a_time_namespace() {
	start_traced "$work/timens.out" "$work/timens.err" unshare -T --monotonic "$1" -- "$TCPCONNECT" --cache "$cache" -P 1012
	local pid=$started
	echo "$pid" >>"$work/pids"
	wait_until "$START_BOUND" traces timens || return 1
	connect_to 127.0.0.1 1012
	wait_until 10 has_rows timens 1 || return 1
	pkill -INT -P "$pid" -x tcpconnect || kill -INT "$pid"
	wait_for "$pid"
}

# As under a parent that does not want to hear of its children.
with_sigchld_ignored() {
	start_traced "$work/chld.out" "$work/chld.err" env --ignore-signal=CHLD "$TCPCONNECT" --no-cache -P 1013
	echo "$started" >>"$work/pids"
	wait_until "$START_BOUND" traces_or_ended chld "$started"
	cat "$work/chld.err"
	traces chld && interrupt "$started"
}

# The kernel takes 64 programs on a cgroup.
too_many_on_one_cgroup() {
	local i all=() status=1
	for i in $(seq 1 65); do
		start_traced "$work/many$i.out" "$work/many$i.err" "$TCPCONNECT" --cache "$cache" -P 1014
		all+=("$started")
		echo "$started" >>"$work/pids"
	done
	wait_until 60 said_by_one_of_many && status=0
	kill -INT "${all[@]}" 2>/dev/null
	wait_for "${all[@]}"
	cat "$work"/many*.err
	return $status
}

said_by_one_of_many() {
	grep -q '64 programs are attached to the root cgroup already' "$work"/many*.err
}

# Without the capability for uprobes the C library's names are missing, and that is said without -v.
without_uprobes_it_says_so() {
	local tool=$work/anyone
	mkdir -p "$tool" && cp "$TCPCONNECT" "${TCPCONNECT}-compile" "$tool/" && cp -r "$here/../../probes" "$tool/probes" &&
		chmod -R go+rX,go-w "$tool" && chmod 755 "$work" || return 1
	start_traced "$work/uprobes.out" "$work/uprobes.err" setpriv --reuid 65534 --clear-groups \
		--inh-caps +bpf,+net_admin,+perfmon --ambient-caps +bpf,+net_admin,+perfmon \
		--bounding-set -sys_admin "$tool/tcpconnect" --no-cache -d -P 1015
	echo "$started" >>"$work/pids"
	wait_until "$START_BOUND" traces_or_ended uprobes "$started"
	interrupt "$started"
	cat "$work/uprobes.err"
	[ -s "$work/uprobes.err" ] || {
		echo "this kernel lets CAP_PERFMON set uprobes"
		return 0
	}
	grep -q 'names may be missing, since the C library cannot be hooked: .*CAP_SYS_ADMIN' "$work/uprobes.err"
}

# An idle tool reads what the probes count in shared memory.
an_idle_tool_makes_few_bpf_calls() {
	trace quiet -d -P 1016 || return 1
	local pid=$started
	env "$default_signals" timeout -s INT 6 strace -f -c -e trace=bpf -p "$pid" -o "$work/quiet.calls" >/dev/null 2>&1
	interrupt "$pid"
	cat "$work/quiet.calls"
	awk '$NF == "bpf" { calls = $4 } END { exit calls > 30 }' "$work/quiet.calls"
}

# timeout(1) sends the signal twice, to the process and to its group.
two_signals_lose_nothing() {
	trace twice -d -P 1011 || return 1
	local pid=$started
	connect_to 127.0.0.1 1011 50
	kill -INT "$pid"
	kill -INT "$pid"
	wait_for "$pid" || return 1
	echo "$(rows twice) rows"
	[ "$(rows twice)" = 50 ]
}

a_reader_that_goes_away_ends_it() {
	# head says nothing before it ends: -v tells when the hooks are in place
	env "$default_signals" bash -o pipefail -c '"$@" | head -3' - \
		"$TCPCONNECT" --cache "$cache" -v >"$work/head.out" 2>"$work/head.err" &
	local pipeline=$!
	wait_until "$START_BOUND" grep -qE 'attached (kprobe__tcp_v6|sockops)' "$work/head.err" || return 1
	connect_to 127.0.0.1 1001 # the third line: head goes
	wait_until 20 ended "$pipeline" || return 1
	wait_for "$pipeline" && [ "$(wc -l <"$work/head.out")" = 3 ] && ! grep -i 'pipe' "$work/head.err"
}

# The reader takes nothing until Ctrl-C: what is printed stands in the pipe's way, and must come out all the same.
a_slow_reader_gets_every_row() {
	local fifo=$work/slow.fifo tool lost
	mkfifo "$fifo"
	exec 5<>"$fifo" # keeps it open, so that neither side waits for the other
	env "$default_signals" "$TCPCONNECT" --cache "$cache" -P 1010 >"$fifo" 2>"$work/slow.err" 5<&- &
	tool=$!
	echo "$tool" >>"$work/pids"
	read -r -t "$START_BOUND" _ <&5 && read -r -t 10 _ <&5 || return 1 # both lines of the header
	connect_to 127.0.0.1 1010 2500
	wait_until 10 blocked_in_write "$tool" || return 1
	kill -INT "$tool"
	timeout 60 cat <"$fifo" 5<&- >"$work/slow.out" &
	local reader=$!
	wait_for "$tool" || return 1
	exec 5<&-
	wait_for "$reader"
	cat "$work/slow.err"
	lost=$(sed -nE 's/.*lost in all: ([0-9]+) connects: .*/\1/p' "$work/slow.err")
	echo "$(wc -l <"$work/slow.out") rows, ${lost:-0} lost"
	[ $(($(grep -cE '^[0-9]+ +python3 +4 +127\.0\.0\.1 +127\.0\.0\.1 +1010 +$' "$work/slow.out") + ${lost:-0})) = 2500 ]
}

blocked_in_write() {
	grep -q pipe_write "/proc/$1/wchan" || grep -q '^1 0x1 ' "/proc/$1/syscall"
}

a_full_perf_buffer_is_reported() {
	trace lost --buffer-pages 1 -P 1007 || return 1
	local pid=$started
	kill -STOP "$pid"
	connect_to 127.0.0.1 1007 500
	kill -CONT "$pid"
	wait_until 10 grep -qE ': lost [0-9]+ connects: the perf buffer was full' "$work/lost.err" || return 1
	interrupt "$pid"
	local lost
	lost=$(sed -nE 's/.*lost in all: ([0-9]+) connects: the perf buffer.*/\1/p' "$work/lost.err")
	echo "$(rows lost) rows, $lost lost"
	[ $(($(rows lost) + lost)) = 500 ] && [ "$lost" -gt 0 ]
}

a_storm_on_every_cpu_comes_out_whole_and_in_order() {
	trace storm -t -P 1008 || return 1
	local pid=$started cpu storms=()
	for cpu in $(seq 0 $(($(nproc) - 1))); do
		taskset -c "$cpu" "$programs/storm" 5000 127.0.0.1 1008 &
		storms+=($!)
	done
	wait_for "${storms[@]}"
	wait_until 30 has_rows storm $((5000 * $(nproc)))
	interrupt "$pid"
	echo "$(rows storm) rows"
	[ "$(rows storm)" = $((5000 * $(nproc))) ] && [ ! -s "$work/storm.err" ] &&
		tail -n +3 "$work/storm.out" | cut -c1-9 | sort -c -n
}

# Switches that a process made of its own will: each wake-up ends with one.
sleeps_of() {
	sed -n 's/^voluntary_ctxt_switches:[[:space:]]*//p' "/proc/$1/status"
}

an_idle_tool_wakes_20_times_a_second_at_most() {
	trace idle -P 1009 || return 1
	local pid=$started sleeps begin
	begin=$(cut -d' ' -f1 /proc/uptime)
	sleeps=$(sleeps_of "$pid")
	sleep 3
	sleeps=$(($(sleeps_of "$pid") - sleeps))
	awk -v begin="$begin" -v sleeps="$sleeps" '{ print sleeps " in " $1 - begin " s"; exit sleeps > 20 * ($1 - begin) + 2 }' \
		/proc/uptime || return 1
	interrupt "$pid"
}

# On a terminal; the compiler is held up, so that it takes longer than the half second.
a_person_is_told_that_it_compiles() {
	local compiler script
	env "$default_signals" script -qefc "exec $TCPCONNECT --no-cache -P 1010" "$work/typescript" >/dev/null 2>&1 </dev/null &
	script=$!
	wait_until 60 compiler_of "$script" >"$work/compiler" || {
		cat "$work/compiler"
		return 1
	}
	compiler=$(cat "$work/compiler")
	pgrep -P "$script" -x tcpconnect >>"$work/pids"
	kill -STOP "$compiler"
	wait_until 20 grep -q 'compiling the probe' "$work/typescript"
	kill -CONT "$compiler"
	wait_until "$START_BOUND" grep -q 'Tracing connect' "$work/typescript" || return 1
	pkill -INT -P "$script" tcpconnect
	wait_for "$script"
	grep -q $'compiling the probe.*\r\033\[K' "$work/typescript"
}

# The compiler that descends from a process: its id.
compiler_of() {
	local tool
	tool=$(pgrep -P "$1" -x tcpconnect) && pgrep -P "$tool" -f tcpconnect-compile
}

# once NAME: starts with -v, ended as soon as it traces.
once() {
	trace "$1" -v -P 7 && interrupt "$started"
}

the_second_start_comes_from_the_cache() {
	once miss && grep -q ' compiled with types from ' "$work/miss.err" && grep -q 'object kept' "$work/miss.err" &&
		once hit && grep -q 'object from the cache' "$work/hit.err" && ! grep -q compiled "$work/hit.err"
}

bpffs=/sys/fs/bpf
mount_bpffs() {
	mountpoint -q $bpffs || mount -t bpf bpf $bpffs
}

# map_filter NAME OPTION VALUESIZE KEY COMMAND…: rows come only while the pinned map has COMMAND's key.
map_filter() {
	local name=$1 option=$2 value_size=$3 key=$4 pid pin=$bpffs/tcpconnect_test_$1 zeros
	shift 4
	rm -f "$pin"
	bpftool map create "$pin" type hash key 8 value "$value_size" entries 128 name filter flags 0 || return 1
	trace "$name" "$option" "$pin" || return 1
	pid=$started
	zeros=$(printf '00 %.0s' $(seq "$value_size"))
	key=$(printf '%016x' "$key" | sed 's/../& /g' | awk '{for (i = NF; i; i--) printf "%s ", $i}')
	PORT=1001 "$@"
	bpftool map update pinned "$pin" key hex $key value hex $zeros any || return 1
	PORT=1002 "$@"
	connect_to 127.0.0.1 1003
	wait_until 10 has_rows "$name" 1
	bpftool map delete pinned "$pin" key hex $key || return 1
	PORT=1004 "$@"
	interrupt "$pid"
	rm -f "$pin"
	cat "$work/$name.out"
	[ "$(rows "$name")" = 1 ] && grep -qE ' 1002 +$' "$work/$name.out"
}

in_cgroup() {
	(
		echo $BASHPID >"$cgroup/cgroup.procs"
		echo >/dev/tcp/127.0.0.1/$PORT
	) 2>/dev/null
}

cgroup_map() {
	local root
	root=$(awk '$3 == "cgroup2" {print $2; exit}' /proc/mounts)
	cgroup=$root/tcpconnect-test
	mkdir -p "$cgroup" || return 1
	map_filter cgroupmap --cgroupmap 8 "$(stat -c %i "$cgroup")" in_cgroup
	local result=$?
	rmdir "$cgroup"
	return $result
}

in_mntns() {
	nsenter --mount="/proc/$mntns_holder/ns/mnt" bash -c "echo >/dev/tcp/127.0.0.1/$PORT" 2>/dev/null
}

mntns_map() {
	unshare -m sleep 600 &
	mntns_holder=$!
	pids+=("$mntns_holder")
	wait_until 10 differs_from_here "$mntns_holder" || return 1
	map_filter mntnsmap --mntnsmap 4 "$(stat -Lc %i "/proc/$mntns_holder/ns/mnt")" in_mntns
	local result=$?
	kill "$mntns_holder"
	return $result
}

differs_from_here() {
	[ "$(stat -Lc %i "/proc/$1/ns/mnt")" != "$(stat -Lc %i /proc/self/ns/mnt)" ]
}

# refused STATUS WORDS OPTION…: fails at once with this status and these words in one line on stderr.
refused() {
	local status=$1 words=$2 got
	shift 2
	timeout 400 "$TCPCONNECT" --cache "$cache" "$@" >"$work/refused.out" 2>"$work/refused.err"
	got=$?
	cat "$work/refused.err"
	[ $got = "$status" ] && grep -q -- "$words" "$work/refused.err" && [ ! -s "$work/refused.out" ]
}

a_map_of_the_wrong_sizes_is_refused() {
	local pin=$bpffs/tcpconnect_test_wrong status
	rm -f "$pin"
	bpftool map create "$pin" type hash key 4 value 8 entries 2 name filter flags 0 || return 1
	refused 1 "not the right kind of map" --cgroupmap "$pin"
	status=$?
	rm -f "$pin"
	return $status
}

check "clients of all kinds are traced" clients_are_traced
check "no row is too many, and none is missing" /usr/bin/python3 "$here/compare_rows.py" "$work/all.rows" "$work/all.out"
report_clients
check "-t counts from the first row" time_runs_from_the_first_row
check "filters combine" filtered both '^0 .* 6  ::1 .* 1002 +$' '^1 | 4  127| 100[13] +$' -6 -P 1002 -u 0
check "-c counts" counts_are_right
check "-4 shows IPv4 only" filtered ipv4 ' 4  127' ' 6  ::1' -4
check "-p takes a list of pids" one_pid
if mount_bpffs && command -v bpftool >/dev/null; then
	check "--cgroupmap follows the pinned map" cgroup_map
	check "--mntnsmap follows the pinned map" mntns_map
else
	skip "--cgroupmap and --mntnsmap" "no bpftool or no bpffs"
fi
[ "$quick" = no ] || {
	finish
	exit
}
check "a command with control characters does no harm" a_command_with_control_characters_does_no_harm
check "-P takes a list of ports" filtered port ' 100[13] +$' ' 1002 +$' -P 1001,1003
check "-P repeats" filtered port2 ' 100[13] +$' ' 1002 +$' -P 1001 -P 1003
check "-u takes a uid" filtered uid '^1 ' '^0 ' -u 1
check "-u takes a list of uids" filtered uids '^0 ' '^2 ' -u 0,1
check "-6 shows IPv6 only" filtered ipv6 ' 6  ::1' ' 4  127' -6
check "-c reports what it could not count (a constant edited)" connects_that_are_not_counted_are_reported
check "a pinned map of other sizes is refused" a_map_of_the_wrong_sizes_is_refused
check "a pinned map may have any name" a_pinned_map_may_have_any_name
check "a map that is not there is refused" refused 1 "No such file" --cgroupmap $bpffs/tcpconnect_not_here
check "a path that is no map is refused" refused 1 "no pinned BPF map" --mntnsmap /etc/passwd
check "an edited condition takes effect" an_edited_condition_takes_effect
check "an added hook is attached" an_added_hook_is_attached
if command -v jq >/dev/null; then
	check "--json: a connect is an object" a_connect_is_an_object
	check "--json: its time is the time of day" json_time_is_the_time_of_day
	check "--json: strange names are valid" strange_names_are_valid_json
	check "columns about the process tell what /proc does" columns_about_the_process
	check "examples/probes/mark.patch: a member that is added is a column" a_member_that_is_added_is_a_column
else
	skip "--json" "no jq"
fi
check "--columns LIST and +LIST in a table" columns_in_a_table
check "an unknown column lists what there is" an_unknown_column_lists_what_there_is
check "--columns help lists them, also an edited probe's" columns_help_lists_them
check "-c -r counts what failed" counts_of_failures
check "-r: what is under way is bounded, and more is reported" what_is_under_way_is_bounded
check "examples/probes/not-loopback.patch" the_example_not_loopback_leaves_it_out
check "examples/probes/not-loopback.patch and mapped addresses" the_example_not_loopback_knows_mapped_addresses
check "examples/probes/not-loopback.patch and mapped addresses, -6" the_example_not_loopback_knows_mapped_addresses -6
check "examples/probes/once.patch" the_example_once_shows_each_target_once
[ "$hooks" != kprobe ] || check "examples/probes/accept.patch" the_example_accept_shows_who_comes_in
check "a mistake in a probe is shown with its file and line" a_mistake_in_a_probe_is_shown_where_it_is
check "a filter may read the task that connects" a_filter_may_read_the_task
check "a function that is not there is shown where it is called" an_unknown_function_is_shown_where_it_is_called
check "an event that is too large for the stack is said to be" an_event_that_is_too_large_is_said_to_be
check "warnings about an edited probe are shown" warnings_about_an_edited_probe_are_shown
check "a hook that a cgroup does not have" a_hook_is_refused cgroup_skb__sideways "can stand: ingress egress"
check "a function that BTF does not have" a_hook_is_refused kfunc__no_such_function "no function 'no_such_function'"
check "a name that says no hook" a_hook_is_refused connect "known beginnings: kprobe__, "
check "a tracepoint that the kernel lacks is left out with a warning" an_unknown_tracepoint_is_not_hooked
[ "$hooks" = kprobe ] || check "a kprobe where there are none" a_hook_is_refused kprobe__f "this kernel has no kprobes"
check "a refused program for names costs names only" a_refused_program_for_names_costs_names_only
if setpriv --reuid 65534 --clear-groups unshare -Urm true 2>/dev/null; then
	check "a stranger's mount namespace holds nothing up" a_strangers_mount_namespace_holds_nothing_up
else
	skip "a stranger's mount namespace" "no user namespaces here"
fi
[ "$hooks" != sockops ] || check "a part of the cgroups is said to be one" a_part_of_the_cgroups_is_said_to_be_one
check "a probe that the kernel refuses is named" a_probe_that_the_kernel_refuses_is_named
if [ "$hooks" = kprobe ]; then
	check "a function that the kernel lacks is left out with a warning" an_unknown_function_is_not_hooked
	check "without IPv6 it says so once" without_ipv6_it_says_so
	check "with none of the functions it ends" without_any_function_to_hook_it_ends
fi
check "SIGTERM ends it" ends_by TERM
check "SIGHUP ends it" ends_by HUP
check "SIGINT ends it" ends_by INT
if unshare -T true 2>/dev/null; then
	check "rows show at once where the clock is behind" in_a_time_namespace -20
	check "rows show at once where the clock is ahead" in_a_time_namespace 300
else
	skip "in a time namespace" "this kernel has none"
fi
check "it compiles where SIGCHLD is ignored" with_sigchld_ignored
[ "$hooks" = kprobe ] || check "more than 64 on one cgroup: what to do is said" too_many_on_one_cgroup
[ "$hooks" = kprobe ] || check "without a capability for uprobes it says so" without_uprobes_it_says_so
check "an idle tool makes few bpf() calls" an_idle_tool_makes_few_bpf_calls
check "two signals lose nothing" two_signals_lose_nothing
check "kill -9 leaves no program behind" kill_leaves_nothing_behind
check "a reader that goes away ends it quietly" a_reader_that_goes_away_ends_it
check "a slow reader gets every row" a_slow_reader_gets_every_row
check "a full perf buffer is reported, to the connect" a_full_perf_buffer_is_reported
check "a storm on every CPU is whole and in order" a_storm_on_every_cpu_comes_out_whole_and_in_order
check "an idle tool wakes 20 times a second at most" an_idle_tool_wakes_20_times_a_second_at_most
check "a person is told that it compiles" a_person_is_told_that_it_compiles
check "the second start comes from the cache" the_second_start_comes_from_the_cache
finish
