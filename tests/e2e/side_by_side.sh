#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Beside the Python tool: both trace the same connects at once, and print the same after sorting.
#
# usage: TCPCONNECT=… side_by_side.sh all|few
#
# The Python tool takes a minute to start in a guest, so all of them are started at once and one set of
# connects serves them all.
. "$(dirname "$0")/lib.sh"
python_tool=$(command -v tcpconnect-bpfcc) || {
	skip "side by side" "tcpconnect-bpfcc is not installed"
	finish
	exit
}
names=()
declare -A python_pids our_pids

# a process to filter for, which connects when it is told to
mkfifo "$work/go"
bash -c 'read -r -t 1200 line; for port in 1001 1002; do echo >/dev/tcp/127.0.0.1/$port; done' <"$work/go" 2>/dev/null &
connecting=$!
exec 4>"$work/go"

# both NAME OPTION…: starts the two of them.
both() {
	local name=$1
	shift
	names+=("$name")
	echo "# $name: tcpconnect $*"
	start_traced "$work/$name.python" "$work/$name.python.err" env PYTHONUNBUFFERED=1 "$python_tool" "$@"
	python_pids[$name]=$started
	pids+=("$started")
	start_traced "$work/$name.ours" "$work/$name.ours.err" "$TCPCONNECT" --cache "$cache" "$@"
	our_pids[$name]=$started
	pids+=("$started")
}

their_tool_traces() {
	local buffers=2
	[ "$1" != count ] || buffers=0
	python_traces "$work/$1.python" "${python_pids[$1]}" $buffers
}

we_trace() {
	grep -q '^Tracing' "$work/$1.ours"
}

# ready TRACES NAME PID: it traces, or never will.
ready() {
	"$1" "$2" || ! kill -0 "$3" 2>/dev/null
}

exec 5>&1 # progress, past check()

wait_for_all() {
	local name
	for name in "${names[@]}"; do
		wait_until 600 ready we_trace "$name" "${our_pids[$name]}" && we_trace "$name" || {
			echo "$name: ours does not trace"
			cat "$work/$name.ours.err"
			return 1
		}
		echo "# $name: ours traces after $SECONDS s" >&5
	done
	for name in "${names[@]}"; do
		wait_until 1200 ready their_tool_traces "$name" "${python_pids[$name]}" >/dev/null
		their_tool_traces "$name" || {
			cat "$work/$name.python.err"
			kill -0 "${python_pids[$name]}" || return # it has ended, which is no matter of time
			echo "$name: the Python tool does not trace after $SECONDS s" >"$work/late"
			return 0
		}
		echo "# $name: the Python tool traces after $SECONDS s" >&5
	done
}

# Rows in an order of their own; with -t the first column differs, as the first event of each may.
sorted() {
	if [ "$1" = everything ]; then
		cut -c10- "$2" | sort
	else
		sort "$2"
	fi
}

same() {
	local name=$1
	sorted "$name" "$work/$name.python" >"$work/$name.python.sorted"
	sorted "$name" "$work/$name.ours" >"$work/$name.ours.sorted"
	echo "$(wc -l <"$work/$name.ours.sorted") lines"
	[ "$(wc -l <"$work/$name.ours.sorted")" -gt 2 ] &&
		diff "$work/$name.python.sorted" "$work/$name.ours.sorted"
}

mountpoint -q /sys/fs/bpf || mount -t bpf bpf /sys/fs/bpf
root=$(awk '$3 == "cgroup2" {print $2; exit}' /proc/mounts)
mkdir -p "$root/tcpconnect-test"
unshare -m sleep 3000 &
holder=$!
pids+=("$holder")

# pin NAME VALUESIZE KEY: a pinned map with one key.
pin() {
	local key
	rm -f "/sys/fs/bpf/$1"
	key=$(printf '%016x' "$3" | sed 's/../& /g' | awk '{for (i = NF; i; i--) printf "%s ", $i}')
	bpftool map create "/sys/fs/bpf/$1" type hash key 8 value "$2" entries 128 name filter flags 0 &&
		bpftool map update pinned "/sys/fs/bpf/$1" key hex $key value hex $(printf '00 %.0s' $(seq "$2")) any
}

both plain
both everything -t -U -L
both count -c
both ports_ipv4 -4 -U -P 1001,1002
if [ "${1:-all}" = all ]; then
	both ipv6_uid -6 -L -u 0
	both pid -p $connecting
	pin side_cgroup 8 "$(stat -c %i "$root/tcpconnect-test")" && both cgroup --cgroupmap /sys/fs/bpf/side_cgroup
	pin side_mntns 4 "$(stat -Lc %i "/proc/$holder/ns/mnt")" && both mntns --mntnsmap /sys/fs/bpf/side_mntns
fi
check "all of them trace" wait_for_all
if [ -e "$work/late" ]; then
	skip "side by side" "$(cat "$work/late")"
	finish
	exit
fi

# Ports that nobody listens on, so that the kernel is all that takes part; then every other way to connect.
for port in 1001 1002 1003; do
	connect_to 127.0.0.1 $port 3
	connect_to ::1 $port 2
	setpriv --reuid 1 --clear-groups bash -c "echo >/dev/tcp/127.0.0.1/$port" 2>/dev/null
	(echo $BASHPID >"$root/tcpconnect-test/cgroup.procs"; echo >/dev/tcp/127.0.0.1/$port) 2>/dev/null
	nsenter --mount="/proc/$holder/ns/mnt" bash -c "echo >/dev/tcp/127.0.0.1/$port" 2>/dev/null
done
echo go >&4
exec 4>&-
wait_for $connecting
clients --rows "$work/rows" $(sed -n '/^KINDS/,/]/p' "$here/clients.py" | grep -oE '[a-z_0-9]+' | grep -v odd_name) |
	sed 's/^/# client /'

# The last row of each must have come before Ctrl-C: the Python tool prints nothing after it.
everything_is_printed() {
	[ "$(wc -l <"$work/plain.python")" -ge "$(wc -l <"$work/plain.ours")" ]
}
wait_until 30 everything_is_printed
for name in "${names[@]}"; do
	kill -INT "${python_pids[$name]}" "${our_pids[$name]}"
	wait_for "${python_pids[$name]}" "${our_pids[$name]}"
done
for name in "${names[@]}"; do
	check "the same as tcpconnect-bpfcc: $name" same "$name"
done
rmdir "$root/tcpconnect-test"
rm -f /sys/fs/bpf/side_*
finish
