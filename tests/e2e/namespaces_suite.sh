#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The tool in a PID namespace, as in a container: numbers are those that one sees there. And cgroup maps whose keys
# are no cgroup's id. On the kernel that this runs on.
#
# usage: TCPCONNECT=… namespaces_suite.sh [--hooks kprobe|sockops]
. "$(dirname "$0")/lib.sh"
hooks=kprobe
[ "${1:-}" != --hooks ] || hooks=$2
echo "# $(uname -r), hooks: $hooks"

host_tool=$TCPCONNECT

# The first process of the namespace that the tool is to run in; $init is its number on the host.
make_namespace() {
	local maker
	mkdir -m 755 "$work/etc"
	echo "127.0.0.2 name.in.namespace.test" >"$work/etc/hosts"
	unshare --pid --fork --mount --mount-proc bash -c "mount --bind $work/etc/hosts /etc/hosts && exec sleep 3000" 2>/dev/null &
	maker=$!
	wait_until 20 has_child "$maker" sleep && init=$(ps -o pid= --ppid "$maker" | tr -d ' ')
	pids+=("$init")
}

# has_child PID NAME
has_child() {
	[ "$(ps -o comm= --ppid "$1")" = "$2" ]
}

# inside COMMAND…: in the namespace.
inside() {
	nsenter --target "$init" --pid --mount -- "$@"
}

# trace_inside NAME OPTION…: as trace, in the namespace. The tool's number on the host is left in $tool_pid, that of
# nsenter, which waits for it, in $started.
trace_inside() {
	TCPCONNECT=$work/inside trace "$1" --attach "$hooks" "${@:2}" || return 1
	find_tool
}

# json_inside NAME OPTION…: likewise with JSON, where -v tells that it traces.
json_inside() {
	local name=$1
	shift
	start_traced "$work/$name.out" "$work/$name.err" "$work/inside" --cache "$cache" --attach "$hooks" --json -v "$@"
	echo "$started" >>"$work/pids"
	wait_until "$START_BOUND" attached_or_ended "$name" "$started" && attached "$name" || {
		cat "$work/$name.err" >&2
		return 1
	}
	find_tool
}

attached() {
	grep -qE 'attached (kretprobe__tcp_v6_connect|sockops__tcp_connect)' "$work/$1.err"
}

attached_or_ended() {
	attached "$1" || ended "$2"
}

find_tool() {
	tool_pid=$(ps -o pid= --ppid "$started" | tr -d ' ')
	echo "$tool_pid" >>"$work/pids"
}

# stop TOOL NSENTER: Ctrl-C for the tool; nsenter hands on its exit status.
stop() {
	kill -INT "$1"
	wait_for "$2"
}

# client NAME PORT WHERE…: a process that writes its numbers as it sees them (process, thread, parent) into
# $work/NAME.numbers, waits for $work/NAME.go, and connects from a thread that is not its first. WHERE is a command
# that leads into a namespace, or nothing.
client() {
	local name=$1 port=$2
	shift 2
	rm -f "$work/$name.numbers" "$work/$name.go"
	cat >"$work/$name.py" <<-PYTHON
		import os, socket, threading, time
		def connect():
		    numbers = f"{os.getpid()} {threading.get_native_id()} {os.getppid()}"
		    with open("$work/$name.new", "w") as file:
		        file.write(numbers)
		    os.rename("$work/$name.new", "$work/$name.numbers")
		    while not os.path.exists("$work/$name.go"):
		        time.sleep(0.05)
		    try:
		        socket.create_connection(("${CLIENT_HOST:-127.0.0.2}", $port))
		    except OSError:
		        pass
		thread = threading.Thread(target=connect)
		thread.start()
		thread.join()
	PYTHON
	"$@" timeout 240 /usr/bin/python3 "$work/$name.py" &
	clients+=($!)
	wait_until 60 test -e "$work/$name.numbers"
}

# go NAME…: these connect now. All clients are waited for.
go() {
	local name
	for name; do
		: >"$work/$name.go"
	done
	wait_for "${clients[@]}"
	clients=()
}
clients=()

# numbers NAME: PROCESS THREAD PARENT.
numbers() {
	cat "$work/$1.numbers"
}

# number_in_namespace NAME: what the namespace calls a process of a namespace below, and its thread: from the host,
# where NSpid has the numbers from the outside in.
number_in_namespace() {
	local own
	read -r own _ <<<"$(numbers "$1")"
	awk -v own="$own" -v script="$work/$1.py" '/^NSpid:/ && NF == 4 && $4 == own { print $3 }' /proc/[0-9]*/status 2>/dev/null
}

# row NAME PORT: its columns PID, TID and PPID.
row() {
	awk -v port="$2" '$6 == port { print $1, $8, $7 }' "$work/$1.out"
}

is() {
	echo "expected: $2, got: $1"
	[ -n "$2" ] && [ "$1" = "$2" ]
}

nested_is_known() {
	[ "$(number_in_namespace nested | wc -w)" = 1 ]
}

# All clients at once, and a table and JSON of them.
all_are_traced() {
	local table nsenter json
	trace_inside table --columns +ppid,tid || return 1
	table=$tool_pid nsenter=$started
	json_inside json --columns ppid || return 1
	json=$tool_pid
	client own 1101 inside && client host 1102 && client nested 1103 inside unshare --pid --fork || return 1
	wait_until 20 nested_is_known
	number_in_namespace nested >"$work/nested.here"
	go own host nested
	wait_until 20 has_rows table 3
	wait_until 20 has_json json 3
	stop "$json" "$started" && stop "$table" "$nsenter"
	cat "$work/table.err" "$work/table.out" "$work/json.out"
	[ "$(rows table)" -ge 3 ] && [ ! -s "$work/table.err" ]
}

has_json() {
	[ "$(grep -c '"dport":110' "$work/$1.out")" -ge "$2" ]
}

numbers_are_those_seen_inside() {
	is "$(row table 1101)" "$(numbers own)"
}

numbers_outside_are_marked() {
	is "$(row table 1102)" "$(numbers host | sed 's/ /* /g; s/$/*/')"
}

the_namespace_below_has_numbers_here() {
	local process thread parent
	read -r process thread parent <<<"$(row table 1103)"
	echo "process $process, thread $thread, parent $parent"
	is "$process" "$(cat "$work/nested.here")" && [[ "$thread" =~ ^[0-9]+$ ]] && [ "$thread" != "$process" ] &&
		[[ "$parent" =~ ^[0-9]+$ ]]
}

# The usual columns stand where they always do.
the_columns_stand() {
	local line
	[ "$(grep -c ' 110[123] ' "$work/table.out")" = 3 ] || return 1
	while IFS= read -r line; do
		[[ "$line" =~ ^[0-9]+\*?\ *$ ]] || [ "${line:7:1}" = " " ] && [ "${line:8:4}" != "    " ] &&
			[ "${line:20:3}" = " 4 " ] || {
			echo "not in its columns: $line"
			return 1
		}
	done < <(tail -n +3 "$work/table.out" | grep ' 110[123] ')
}

# json_row PORT
json_row() {
	sed -nE 's/^.*("pid":.*),"uid".*"dport":'"$1"'.*("ppid":[^,}]*,"host_ppid":[0-9]+).*$/\1,\2/p' "$work/json.out"
}

json_has_both_numbers() {
	local process thread parent
	read -r process thread parent <<<"$(numbers own)"
	json_row 1101
	json_row 1101 | grep -qxE "\"pid\":$process,\"host_pid\":[0-9]+,\"tid\":$thread,\"host_tid\":[0-9]+,\"ppid\":$parent,\"host_ppid\":[0-9]+"
}

json_has_null_for_the_outside() {
	local process thread parent
	read -r process thread parent <<<"$(numbers host)"
	is "$(json_row 1102)" \
		"\"pid\":null,\"host_pid\":$process,\"tid\":null,\"host_tid\":$thread,\"ppid\":null,\"host_ppid\":$parent"
}

# only_numbers NAME PROCESSES OPTION…: of the three clients, which have a row when -p has these processes.
only_numbers() {
	local name=$1 process
	client own 1101 inside && client host 1102 && client nested 1103 inside unshare --pid --fork || return 1
	wait_until 20 nested_is_known
	# the host's own number, of something outside, means nothing here
	trace_inside "$name" -p "$(words own),$(number_in_namespace nested),$(words host)$2" "${@:3}" || return 1
	process=$tool_pid
	go own host nested
	wait_until 20 has_rows "$name" 2
	stop "$process" "$started"
	cat "$work/$name.err" "$work/$name.out"
	[ ! -s "$work/$name.err" ]
}

words() {
	numbers "$1" | cut -d ' ' -f 1
}

a_list_means_numbers_here() {
	only_numbers short "" -r || return 1
	is "$(tail -n +3 "$work/short.out" | awk '{print $6}' | sort | tr '\n' ' ')" "1101 1103 " &&
		is "$(awk '$6 == 1101 {print $1}' "$work/short.out")" "$(words own)"
}

# Events that are too large for the stack are made in a map; all columns at once are the verifier's most work.
a_long_list_means_numbers_here() {
	only_numbers long "$(printf ',%s' {4000001..4000009})" -r \
		--columns +exe,args,ppid,process,host,cgroup,netns,mntns || return 1
	is "$(tail -n +3 "$work/long.out" | awk '{print $6}' | sort | tr '\n' ' ')" "1101 1103 "
}

counts_mean_numbers_here() {
	client own 1101 inside && client host 1102 || return 1
	trace_inside count -c -p "$(words own)" || return 1
	local process=$tool_pid
	go own host
	stop "$process" "$started"
	cat "$work/count.err" "$work/count.out"
	grep -qE ' 1101 +1' "$work/count.out" && ! grep -q ' 1102 ' "$work/count.out" && [ ! -s "$work/count.err" ]
}

# Names find their process whatever its number is called.
a_name_is_ones_own() {
	json_inside names -d --dns-source libc || return 1
	local process=$tool_pid
	wait_until 60 grep -q 'hooked .*libc' "$work/names.err" || return 1
	CLIENT_HOST=name.in.namespace.test client own 1101 inside
	go own
	wait_until 20 has_json names 1
	stop "$process" "$started"
	cat "$work/names.err" "$work/names.out"
	grep '"dport":1101' "$work/names.out" |
		grep -q "\"pid\":$(words own),\"host_pid\":.*\"query\":\"name.in.namespace.test\".*\"query_from\":\"self\""
}

# On the host nothing changes: no number is asked for that nobody shows.
the_text_has_the_define_inside_only() {
	"$host_tool" --ebpf >"$work/host.c" && inside "$host_tool" --ebpf >"$work/inside.c" &&
		diff "$work/host.c" "$work/inside.c"
	is "$(diff "$work/host.c" "$work/inside.c" | grep '^[<>]')" "> #define PID_NAMESPACE"
}

# with_object NAME TOOL OBJECT: as trace. An object has no use for a cache.
with_object() {
	start_traced "$work/$1.out" "$work/$1.err" "$2" --object "$3"
	echo "$started" >>"$work/pids"
	wait_until "$START_BOUND" traces_or_ended "$1" "$started" && traces "$1" || {
		cat "$work/$1.err" >&2
		return 1
	}
}

an_object_from_the_host_is_warned_about() {
	"$host_tool" --compile-only -o "$work/host.o" --attach "$hooks" || return 1
	with_object foreign "$work/inside" "$work/host.o" && find_tool || return 1
	client own 1101 inside && go own
	wait_until 20 has_rows foreign 1
	stop "$tool_pid" "$started"
	cat "$work/foreign.err" "$work/foreign.out"
	[ "$(wc -l <"$work/foreign.err")" = 1 ] && grep -q 'numbers of processes, .* are the host' "$work/foreign.err" &&
		awk -v inside="$(words own)" '$6 == 1101 { rows++; number = $1 } END { exit !(rows == 1 && number ~ /^[0-9]+$/ && number != inside) }' \
			"$work/foreign.out"
}

an_object_from_the_namespace_runs_on_the_host() {
	inside "$host_tool" --compile-only -o "$work/inside.o" --attach "$hooks" || return 1
	with_object back "$host_tool" "$work/inside.o" || return 1
	client host 1102 && go host
	wait_until 20 has_rows back 1
	interrupt "$started"
	cat "$work/back.err" "$work/back.out"
	is "$(awk '$6 == 1102 {print $1}' "$work/back.out")" "$(words host)" && [ ! -s "$work/back.err" ]
}

# Cgroups.

bpffs=/sys/fs/bpf
pin=$bpffs/tcpconnect_namespaces

hexadecimal() {
	printf '%016x\n' "$1" | fold -w 2 | tac | tr '\n' ' '
}

# put KEY
put() {
	# shellcheck disable=SC2046 # bytes
	bpftool map update pinned $pin key hex $(hexadecimal "$1") value 0 0 0 0 0 0 0 0
}

# said NAME KEY…: what is said when the map has these keys is left in $work/NAME.err.
said() {
	local name=$1 key
	shift
	rm -f $pin
	bpftool map create $pin type hash key 8 value 8 entries 128 name namespaces flags 0 || return 1
	for key; do
		put "$key" || return 1
	done
	TCPCONNECT=$host_tool trace "$name" --attach "$hooks" --cgroupmap $pin || return 1
	interrupt "$started"
	rm -f $pin
	cat "$work/$name.err"
}

# is_one_line NAME PATTERN
is_one_line() {
	[ "$(wc -l <"$work/$1.err")" = 1 ] && grep -qE -- "$2" "$work/$1.err"
}

is_silent() {
	[ ! -s "$work/$1.err" ]
}

an_empty_map_is_filled_later() {
	said empty && is_silent empty
}

a_key_without_a_cgroup_is_named() {
	said nonsense 123456789 && is_one_line nonsense "cgroupmap $pin: the key 123456789 is no cgroup's id now"
}

several_keys_are_one_line() {
	said several 123456789 "$(stat -c %i "$cgroup")" 123456790 123456791 &&
		is_one_line several "the key 12345679?[0-9]* and 2 more are no cgroup's id now"
}

a_cgroup_with_a_process_is_right() {
	said right "$(stat -c %i "$cgroup")" && is_silent right
}

the_root_is_right() {
	said root 1 && is_silent root
}

# Some hierarchies of version 1 and nothing in version 2: where no cgroup can match, one that is empty neither.
version_1_is_told() {
	said version1 "$(stat -c %i "$empty")" && is_one_line version1 "nothing matches now: .* uses cgroup version 1" &&
		said version1 123456789 && is_one_line version1 "123456789 is no .*, which uses version 1,"
}

# An empty cgroup may have processes soon; with version 2 that is all that is known.
an_empty_cgroup_is_right_with_version_2() {
	said later "$(stat -c %i "$empty")" && is_silent later
}

uses_version_1() {
	grep -qv '^0::' /proc/self/cgroup
}

populated() {
	grep -qs 'populated 1' "$root"/*/cgroup.events
}

make_cgroups() {
	root=$(awk '$3 == "cgroup2" {print $2; exit}' /proc/mounts)
	cgroup=$root/tcpconnect-namespaces
	empty=$root/tcpconnect-empty
	mkdir -p "$cgroup" "$empty"
	sleep 3000 &
	inhabitant=$!
	pids+=("$inhabitant")
}

test_cgroups() {
	make_cgroups || return
	check "an empty map is no mistake" an_empty_map_is_filled_later
	check "a key that is no cgroup's id is named" a_key_without_a_cgroup_is_named
	if populated; then
		skip "version 1 is told of" "version 2 has processes here"
	elif uses_version_1; then
		check "version 1 is told of" version_1_is_told
	else
		check "an empty cgroup is no mistake" an_empty_cgroup_is_right_with_version_2
		if mkdir -p "$work/v1" && mount -t cgroup -o none,name=tcpconnect tcpconnect "$work/v1"; then
			check "version 1 is told of" version_1_is_told
			umount "$work/v1"
		else
			skip "version 1 is told of" "its hierarchies cannot be mounted"
		fi
	fi
	check "the root of all is no mistake" the_root_is_right
	echo "$inhabitant" >"$cgroup/cgroup.procs"
	check "a cgroup with a process is no mistake" a_cgroup_with_a_process_is_right
	check "several keys that are none are one line" several_keys_are_one_line
	kill "$inhabitant"
	wait_for "$inhabitant" 2>/dev/null
	wait_until 10 rmdir "$cgroup" "$empty"
}

make_namespace
printf '#!/bin/sh\nexec nsenter --target %s --pid --mount -- "%s" "$@"\n' "$init" "$host_tool" >"$work/inside"
chmod 755 "$work/inside"
check "in a PID namespace connects of all kinds are traced" all_are_traced
check "numbers are those seen inside" numbers_are_those_seen_inside
check "what is outside has the host's numbers, marked" numbers_outside_are_marked
check "a namespace below has its numbers here" the_namespace_below_has_numbers_here
check "the columns stand where they do" the_columns_stand
check "JSON has both numbers" json_has_both_numbers
check "JSON has null for what is outside" json_has_null_for_the_outside
check "-p means numbers seen inside" a_list_means_numbers_here
check "-p with a long list too" a_long_list_means_numbers_here
check "-c -p too" counts_mean_numbers_here
check "a name that a process looked up is its own" a_name_is_ones_own
check "on the host the text has no such define" the_text_has_the_define_inside_only
check "an object from the host is warned about" an_object_from_the_host_is_warned_about
check "an object from the namespace runs on the host" an_object_from_the_namespace_runs_on_the_host
if command -v bpftool >/dev/null && [ -d $bpffs ]; then
	test_cgroups
else
	skip "keys of --cgroupmap" "no bpftool or no bpffs"
fi
finish
