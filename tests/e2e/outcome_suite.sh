#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What becomes of each connect (-r), against real sockets, on the kernel that this runs on.
#
# usage: TCPCONNECT=… outcome_suite.sh [--hooks kprobe|sockops] [--beside-python]
#   --beside-python   also the same connects' latencies by tcpconnlat-bpfcc, which wants kprobes and takes a minute
. "$(dirname "$0")/lib.sh"
hooks=kprobe
beside_python=no
while [ $# -gt 0 ]; do
	case $1 in
	--hooks)
		hooks=$2
		shift
		;;
	--beside-python) beside_python=yes ;;
	esac
	shift
done
echo "# $(uname -r), hooks: $hooks"

# outcomes OPTION…: connects with all outcomes, in a network namespace of their own.
outcomes() {
	timeout 180 unshare -n /usr/bin/python3 "$here/outcomes.py" "$@"
}

compare_outcomes() {
	/usr/bin/python3 "$here/compare_outcomes.py" --hooks "$hooks" "$@"
}

# trace_json NAME OPTION…: as trace, with JSON, whose stdout does not say that it traces.
trace_json() {
	local name=$1
	shift
	start_traced "$work/$name.out" "$work/$name.err" "$TCPCONNECT" --cache "$cache" --json -v "$@"
	echo "$started" >>"$work/pids"
	wait_until "$START_BOUND" attached_or_ended "$name" "$started" && attached "$name" || {
		cat "$work/$name.err" >&2
		return 1
	}
}

attached() {
	grep -q 'attached raw_tracepoint__inet_sock_set_state' "$work/$1.err" &&
		grep -qE 'attached (kretprobe__tcp_v6_connect|sockops__tcp_connect)' "$work/$1.err"
}

attached_or_ended() {
	attached "$1" || ! kill -0 "$2" 2>/dev/null
}

has_json_rows() {
	[ "$(grep -c '"pid"' "$work/$1.out")" -ge "$2" ]
}

has_lines() {
	[ "$(wc -l <"$1")" -ge "$2" ]
}

# Nothing was lost, and nothing else is amiss: beside what -v tells, stderr is empty.
nothing_is_said() {
	! grep -vE ': (attached|compiled|compiling|object) ' "$work/$1.err"
}

# once_more_if_missed NAME COMMAND…: an interrupt can keep a probe from running, of any socket's, and the tool says so.
# Then it is all made once more, and this time nothing may be said.
once_more_if_missed() {
	local name=$1
	shift
	"$@" || { grep -q 'probes: the kernel was running another one' "$work/$name.err" && "$@"; }
}

connects_are_traced() {
	trace_json all -r || return 1
	local pid=$started
	outcomes >"$work/all.kinds" || return 1
	wait_until 10 has_json_rows all "$(compare_outcomes --count "$work/all.kinds")"
	interrupt "$pid" && [ -s "$work/all.kinds" ] && nothing_is_said all
}

# Connects that are under way when the tool ends, and end after it.
connects_under_way_are_traced() {
	trace_json held -r || return 1
	local pid=$started holding
	rm -f "$work/hold" && mkfifo "$work/hold"
	outcomes --hold <"$work/hold" >"$work/held.kinds" &
	holding=$!
	exec 4>"$work/hold"
	wait_until 60 has_lines "$work/held.kinds" "$(held_kinds)" || return 1
	entries_of "$pid" pending >"$work/held.entries"
	interrupt "$pid" || return 1
	exec 4>&-
	wait_for "$holding" && nothing_is_said held
}

held_kinds() {
	grep -c '^@held' "$here/outcomes.py"
}

# Every test of what is left in the map stands on this: what is under way is in it.
what_is_under_way_is_in_the_map() {
	echo "$(cat "$work/held.entries") entries"
	[ "$(cat "$work/held.entries")" -ge "$(held_kinds)" ]
}

# report NAME: each kind is held to its own rows.
report() {
	local kind why
	check "$1: no row is too many, and none is missing" compare_outcomes "$work/$1.kinds" "$work/$1.out"
	while read -r kind why; do
		if [ -n "$why" ]; then
			skip "outcome $kind" "$why"
		elif [ "$(compare_outcomes --count --kind "$kind" "$work/$1.kinds")" = 0 ]; then
			skip "outcome $kind" "without kprobes it is not seen"
		else
			check "outcome $kind has its row" compare_outcomes --kind "$kind" "$work/$1.kinds" "$work/$1.out"
		fi
	done < <(names_and_reasons "$work/$1.kinds")
}

# The name of each kind, and why it was skipped if it was.
names_and_reasons() {
	sed -nE 's/^\{"kind": "([a-z0-9_]+)", "pid": [0-9]+, "skipped": "(.*)"\}$/\1 \2/p; t
		s/^\{"kind": "([a-z0-9_]+)".*/\1/p' "$1"
}

# entries_of PID MAP: how many there are in the map of this name that the process has.
entries_of() {
	local id
	for id in $(sed -n 's/^map_id:[[:space:]]*//p' /proc/"$1"/fdinfo/* | sort -u); do
		if bpftool map show id "$id" | grep -q " name $2 "; then
			bpftool map dump id "$id" | grep -cE '"?key"?:'
			return 0
		fi
	done
	echo "no map named $2"
	return 1
}

no_entries() {
	[ "$(entries_of "$1" "$2")" = 0 ]
}

# result_rows NAME PID RESULT: how many there are, in the table of -t -r.
result_rows() {
	tail -n +3 "$work/$1.out" | awk -v pid="$2" -v result="$3" '$2 == pid && $8 == result' | wc -l
}

mixed_connects_leave_nothing_behind() {
	local count=5000 pid client result
	trace mixed -r -t || return 1
	pid=$started
	client=$(outcomes --mixed $count) || return 1
	if command -v bpftool >/dev/null; then
		wait_until 10 no_entries "$pid" pending || return 1
	fi
	wait_until 30 has_rows mixed $count
	interrupt "$pid" || return 1
	for result in ok ECONNREFUSED closed; do
		echo "$result: $(result_rows mixed "$client" $result) rows"
	done
	[ "$(result_rows mixed "$client" ok)" = $(((count + 2) / 3)) ] &&
		[ "$(result_rows mixed "$client" ECONNREFUSED)" = $(((count + 1) / 3)) ] &&
		[ "$(result_rows mixed "$client" closed)" = $((count / 3)) ] &&
		nothing_is_said mixed
}

time_never_runs_backwards() {
	[ "$(rows mixed)" -gt 0 ] && tail -n +3 "$work/mixed.out" | cut -c1-9 | sort -c -n
}

# The buffers hold all of it, however busy the machine is. In guests, which are slow, a quarter does.
a_storm_has_a_row_for_each_connect() {
	local each=10000 cpu cpus=0 storms=() pid
	[ "$hooks" = sockops ] || each=2500
	trace storm -r -t -P 1048 --buffer-pages 512 || return 1
	pid=$started
	for cpu in $(seq 0 $(($(nproc) - 1))); do
		taskset -c "$cpu" "$programs/storm" $each 127.0.0.1 1048 &
		storms+=($!)
		cpus=$((cpus + 1))
	done
	wait_for "${storms[@]}" || return 1
	wait_until 60 has_rows storm $((each * cpus))
	interrupt "$pid"
	cat "$work/storm.err"
	echo "$(rows storm) rows"
	[ "$(rows storm)" = $((each * cpus)) ] && nothing_is_said storm &&
		! tail -n +3 "$work/storm.out" | grep -v ' 1048   ECONNREFUSED ' &&
		tail -n +3 "$work/storm.out" | cut -c1-9 | sort -c -n
}

# The columns that -r adds stand before QUERY.
the_table_has_two_columns_more() {
	trace table -r -d -P 1041 || return 1
	local pid=$started
	connect_to 127.0.0.1 1041
	wait_until 10 has_rows table 1
	interrupt "$pid"
	cat "$work/table.out"
	sed -n 2p "$work/table.out" | grep -qE ' DPORT  RESULT +LAT\(ms\) +QUERY$' &&
		sed -n 3p "$work/table.out" | grep -qE ' 1041   ECONNREFUSED +[0-9]+\.[0-9]{3} +localhost$'
}

without_the_option_nothing_changes() {
	trace without -P 1041 || return 1
	local pid=$started
	connect_to 127.0.0.1 1041
	wait_until 10 has_rows without 1
	interrupt "$pid"
	cat "$work/without.out"
	! grep -E 'RESULT|LAT|ECONNREFUSED' "$work/without.out" && [ "$(rows without)" = 1 ]
}

# Only kprobes see these; nothing was sent, so nothing took time.
at_once_takes_no_time() {
	trace at_once -r -P 1049 || return 1
	local pid=$started
	unshare -n bash -c 'echo >/dev/tcp/203.0.113.1/1049' 2>/dev/null
	wait_until 10 has_rows at_once 1
	interrupt "$pid"
	cat "$work/at_once.out"
	[ "$(rows at_once)" = 1 ] && grep -qE ' 203\.0\.113\.1 +1049 +ENETUNREACH +0\.000 *$' "$work/at_once.out"
}

# failing_and_other_connects: 3 that are accepted, 7 that are refused, and 2 that are given up, to 127.0.0.1.
failing_and_other_connects() {
	/usr/bin/python3 - <<-'PYTHON'
		import socket
		with socket.create_server(("127.0.0.1", 1041), backlog=16) as server:
		    for _ in range(3):
		        socket.create_connection(("127.0.0.1", 1041)).close()
		    for _ in range(7):
		        socket.socket().connect_ex(("127.0.0.1", 1042))
		with socket.create_server(("127.0.0.1", 1043), backlog=0) as full:
		    accepted = socket.create_connection(("127.0.0.1", 1043))
		    for _ in range(2):
		        with socket.socket() as sock:
		            sock.setblocking(False)
		            sock.connect_ex(("127.0.0.1", 1043))
	PYTHON
}

counts_have_what_failed() {
	trace count -c -r -P 1041,1042,1043 || return 1
	local pid=$started
	failing_and_other_connects || return 1
	interrupt "$pid" || return 1
	cat "$work/count.out"
	tail -n +3 "$work/count.out" | sed 's/ *$//; s/  */ /g' >"$work/count.words"
	diff - "$work/count.words" <<-END
		LADDR RADDR RPORT CONNECTS FAILED
		127.0.0.1 127.0.0.1 1042 7 7
		127.0.0.1 127.0.0.1 1041 3 0
		127.0.0.1 127.0.0.1 1043 3 2
	END
}

# One is accepted, and one is under way: that has not failed.
counts_wait_for_what_is_under_way() {
	trace waiting -c -r || return 1
	local pid=$started client port
	mkfifo "$work/wait"
	outcomes --hold pending_while_the_backlog_is_full <"$work/wait" >"$work/wait.kinds" &
	client=$!
	exec 4>"$work/wait"
	wait_until 60 has_lines "$work/wait.kinds" 1 || return 1
	interrupt "$pid" || return 1
	exec 4>&-
	wait_for "$client"
	port=$(sed -E 's/.*"dport": ([0-9]+).*/\1/' "$work/wait.kinds")
	cat "$work/waiting.out"
	awk -v port="$port" '$3 == port { rows++; connects = $4; failed = $5 }
		END { exit !(rows == 1 && connects == 2 && failed == 0) }' "$work/waiting.out"
}

their_tool_traces_or_ended() {
	their_tool_traces || ended "$theirs"
}

# It opens its two perf buffers after it has printed the header.
their_tool_traces() {
	grep -q '^PID' "$work/theirs" && [ "$(grep -c perf_event "/proc/$theirs/maps")" -ge $((2 * $(nproc))) ]
}

start_both() {
	start_traced "$work/theirs" "$work/theirs.err" env PYTHONUNBUFFERED=1 "$(command -v tcpconnlat-bpfcc)" -L
	theirs=$started
	pids+=("$theirs")
	trace ours -r -L
	ours=$started
	wait_until 600 their_tool_traces_or_ended
	their_tool_traces
}

# Both tell PID COMM IP SADDR LPORT DADDR DPORT and, at the end, the milliseconds; where that was told once by each:
# theirs and ours.
both_latencies() {
	awk 'FNR == 1 { file++ }
		$1 !~ /^[0-9]+$/ { next }
		{ connect = $1 " " $4 " " $5 " " $6 " " $7; seen[file, connect]++ }
		file == 1 { theirs[connect] = $NF; next }
		{ ours[connect] = $NF }
		END { for (connect in ours) if (seen[1, connect] == 1 && seen[2, connect] == 1)
			print theirs[connect], ours[connect], connect }' "$work/theirs" "$work/ours.out"
}

connects_for_both() {
	outcomes accepted accepted_ipv6 accepted_late refused_late accepted_when_the_backlog_has_room >"$work/both.kinds"
	outcomes --mixed 300 >"$work/both.client"
	wait_until 20 has_rows ours 306
	sleep 1 # the other tool reads its buffers when they have something
	kill -INT "$theirs" "$ours"
	wait_for "$theirs" "$ours"
	both_latencies | sort -n >"$work/both"
}

# The third of the mixed ones that is given up has no latency there.
both_see_the_same() {
	tail -n 5 "$work/both"
	echo "$(wc -l <"$work/both") connects"
	[ "$(wc -l <"$work/both")" -ge 200 ]
}

# Where they begin and end differs by a kprobe or two: not by a fifth for most of them, and never by a unit.
latencies_are_the_same() {
	awk '{ difference = $1 > $2 ? $1 - $2 : $2 - $1 }
		difference < 0.2 || difference < $1 / 5 { near++ }
		$1 >= 500 { slow++; if (difference > $1 / 20) far++ }
		END { print NR " connects, " near " near, " slow " slow, of which " far + 0 " far"
			exit !(near > NR / 2 && slow >= 2 && !far) }' "$work/both"
}

side_by_side() {
	if ! command -v tcpconnlat-bpfcc >/dev/null; then
		skip "latencies beside tcpconnlat-bpfcc" "it is not installed"
	elif ! start_both; then
		skip "latencies beside tcpconnlat-bpfcc" "it does not start: $(tail -n 1 "$work/theirs.err")"
	else
		connects_for_both
		check "tcpconnlat-bpfcc sees the same connects" both_see_the_same
		check "tcpconnlat-bpfcc has the same latencies" latencies_are_the_same
	fi
}

check "connects with all outcomes are traced" once_more_if_missed all connects_are_traced
[ ! -s "$work/all.kinds" ] || report all
check "connects that are under way at Ctrl-C are traced" once_more_if_missed held connects_under_way_are_traced
[ ! -s "$work/held.kinds" ] || report held
if command -v bpftool >/dev/null; then
	check "what is under way is in the map" what_is_under_way_is_in_the_map
else
	skip "what is under way is in the map" "no bpftool"
fi
check "the table has RESULT and LAT(ms), before QUERY" the_table_has_two_columns_more
check "without -r the table is as ever" without_the_option_nothing_changes
if [ "$hooks" = kprobe ]; then
	check "a connect that fails at once takes no time" at_once_takes_no_time
else
	skip "a connect that fails at once takes no time" "without kprobes it is not seen"
fi
check "-c -r counts what failed" counts_have_what_failed
check "-c -r: what is under way has not failed" counts_wait_for_what_is_under_way
check "5,000 mixed connects have their rows, and leave nothing behind" \
	once_more_if_missed mixed mixed_connects_leave_nothing_behind
check "TIME(s) of outcomes never runs backwards" time_never_runs_backwards
check "a storm has a row for each connect" once_more_if_missed storm a_storm_has_a_row_for_each_connect
[ "$beside_python" = no ] || side_by_side
finish
