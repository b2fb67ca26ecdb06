# SPDX-License-Identifier: Apache-2.0
# Sourced by the end-to-end scripts, which run on any kernel: the build machine's own and those of guests.
# $TCPCONNECT is the tool under test; $ATTACH the way of hooking, for messages and for what differs.

here=$(dirname "${BASH_SOURCE[0]}")
. "$here/../lib.sh"
: "${TCPCONNECT:?names the tool under test}"
programs=$(dirname "$TCPCONNECT")/e2e
work=$(mktemp -d)
cache=$work/cache
pids=()
# check() runs its command in a subshell, whose processes are known by a file
cleanup() {
	local pid
	[ ${#pids[@]} = 0 ] || kill -KILL "${pids[@]}" 2>/dev/null
	while read -r pid; do
		[ "$(cat "/proc/$pid/comm" 2>/dev/null)" != tcpconnect ] || kill -KILL "$pid"
	done 2>/dev/null <"$work/pids"
	rm -rf "$work"
}
trap cleanup EXIT

# Compiling takes a while in an emulated guest.
START_BOUND=${START_BOUND:-240}

# trace NAME OPTION…: starts tcpconnect with its output in $work/NAME.out and .err, and waits until it traces.
# Its process id is left in $started.
trace() {
	local name=$1
	shift
	start_traced "$work/$name.out" "$work/$name.err" "$TCPCONNECT" --cache "$cache" "$@"
	echo "$started" >>"$work/pids"
	wait_until "$START_BOUND" traces_or_ended "$name" "$started" &&
		traces "$name" || {
		cat "$work/$name.err" >&2
		return 1
	}
}

traces() {
	grep -qE '^Tracing connect' "$work/$1.out"
}

traces_or_ended() {
	traces "$1" || ! kill -0 "$2" 2>/dev/null
}

# The Python tool opens its perf buffers after it has printed the header: one mapping a CPU and buffer.
# python_traces OUT PID BUFFERS: does it trace?
python_traces() {
	grep -q '^Tracing' "$1" && [ "$(grep -c perf_event "/proc/$2/maps")" -ge $(($3 * $(nproc))) ]
}

# clients OPTION…: connects in all ways, in a network namespace of their own.
clients() {
	timeout 120 unshare -n sh -c 'ip link set lo up && exec "$@"' - \
		/usr/bin/python3 "$here/clients.py" --programs "$programs" "$@"
}

# rows NAME: how many connects a trace has printed.
rows() {
	tail -n +3 "$work/$1.out" | wc -l
}

has_rows() {
	[ "$(rows "$1")" -ge "$2" ]
}

# connect_to ADDRESS PORT [COUNT]: plain connects, refused or not.
connect_to() {
	/usr/bin/python3 - "$@" <<-'PYTHON'
		import socket, sys
		family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
		for _ in range(int(sys.argv[3]) if len(sys.argv) > 3 else 1):
		    with socket.socket(family) as sock:
		        sock.connect_ex((sys.argv[1], int(sys.argv[2])))
	PYTHON
}
