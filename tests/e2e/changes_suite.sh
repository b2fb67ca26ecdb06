#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The host changes while it is traced: CPUs go and come, tracing is switched off, hooks are taken away, functions appear.
# What it does to the machine itself it does in a guest only.
#
# usage: TCPCONNECT=… changes_suite.sh
. "$(dirname "$0")/lib.sh"
cpu1=/sys/devices/system/cpu/cpu1
debugfs=/sys/kernel/debug
hooks=sockops
[ -e /sys/bus/event_source/devices/kprobe ] && hooks=kprobe
echo "# $(uname -r), hooks: $hooks"

# What a test has switched off is on again for the next.
switch_all_on() {
	[ "$(cat $cpu1/online)" = 1 ] || echo 1 >$cpu1/online
	echo 1 >/proc/sys/kernel/ftrace_enabled
	echo 1 >$debugfs/kprobes/enabled
}

# connect_on_cpu CPU PORT [COUNT]
connect_on_cpu() {
	taskset -c "$1" /usr/bin/python3 -c '
import socket, sys
for _ in range(int(sys.argv[2])):
    with socket.socket() as sock:
        sock.connect_ex(("127.0.0.1", int(sys.argv[1])))' "$2" "${3:-1}"
}

row_on_cpu1() {
	connect_on_cpu 1 1001
	made=$((made + 1))
	wait_until 1 has_row_of 1001 "$1" >/dev/null
}

# has_row_of PORT NAME: in a table or in JSON
has_row_of() {
	grep -qE "(127.0.0.1 +| *\"dport\":)$1\b" "$work/$2.out"
}

rows_of() {
	grep -cE "(127.0.0.1 +|\"dport\":)$1\b" "$work/$2.out"
}

# lost_in_all NAME REASON: what the end says of it
lost_in_all() {
	sed -nE "s/.*lost in all: ([0-9]+) $2.*/\1/p" "$work/$1.err" | grep . || echo 0
}

no_blame_on_the_buffer() {
	! grep buffer-pages "$work/$1.err"
}

# cpu1_goes_and_comes NAME OPTION…: a connect there has its row within a second or two, and what fell into the gap is
# counted: nothing is lost without a word.
cpu1_goes_and_comes() {
	local name=$1 pid made=0
	shift
	trace "$name" -P 1001,1002 "$@" || return 1
	pid=$started
	connect_on_cpu 1 1002
	wait_until 10 has_row_of 1002 "$name" || return 1
	echo 0 >$cpu1/online && connect_on_cpu 0 1002 && echo 1 >$cpu1/online || return 1
	wait_until 10 row_on_cpu1 "$name" || return 1
	connect_on_cpu 1 1001 20
	made=$((made + 20))
	connect_on_cpu 0 1002
	wait_until 10 all_told "$name"
	interrupt "$pid" || return 1
	cat "$work/$name.err" "$work/$name.out"
	no_blame_on_the_buffer "$name" && [ "$(rows_of 1002 "$name")" = 3 ] &&
		[ $(($(rows_of 1001 "$name") + $(lost_in_all "$name" "events: their CPU had just come"))) = "$made" ]
}

all_told() {
	[ "$(rows_of 1002 "$1")" = 3 ] && [ "$(rows_of 1001 "$1")" -ge 20 ]
}

cpu1_goes_and_comes_while_counting() {
	trace gone_counts -c -P 1001 || return 1
	local pid=$started
	connect_on_cpu 1 1001
	echo 0 >$cpu1/online && connect_on_cpu 0 1001 && echo 1 >$cpu1/online && connect_on_cpu 1 1001 || return 1
	interrupt "$pid"
	cat "$work/gone_counts.err" "$work/gone_counts.out"
	grep -qE '127.0.0.1 +1001 +3 ' "$work/gone_counts.out" && ! grep lost "$work/gone_counts.err"
}

cpu1_is_off_at_the_start() {
	local made=0
	echo 0 >$cpu1/online && trace off -P 1001 && echo 1 >$cpu1/online || return 1
	local pid=$started
	wait_until 10 row_on_cpu1 off || return 1
	interrupt "$pid"
	cat "$work/off.err"
	[ $(($(rows_of 1001 off) + $(lost_in_all off "events: their CPU had just come"))) = "$made" ]
}

# As in a suspend: all processes are frozen while the CPUs go and come, and the same are online as before.
cpu1_goes_and_comes_unseen() {
	trace unseen -P 1001,1002 || return 1
	local pid=$started made=0
	connect_on_cpu 1 1002
	wait_until 10 has_row_of 1002 unseen || return 1
	kill -STOP "$pid" && echo 0 >$cpu1/online && echo 1 >$cpu1/online && kill -CONT "$pid" || return 1
	wait_until 10 row_on_cpu1 unseen || return 1
	connect_on_cpu 1 1001 20
	made=$((made + 20))
	wait_until 10 has_at_least 20 1001 unseen
	interrupt "$pid"
	cat "$work/unseen.err"
	no_blame_on_the_buffer unseen &&
		[ $(($(rows_of 1001 unseen) + $(lost_in_all unseen "events: their CPU had just come"))) = "$made" ]
}

has_at_least() {
	[ "$(rows_of "$2" "$3")" -ge "$1" ]
}

check_cpus() {
	if ! [ -w $cpu1/online ]; then
		skip "CPUs that go and come" "there is no second one, or it cannot be taken off"
		return
	fi
	check "CPU 1 goes and comes" cpu1_goes_and_comes gone
	check "CPU 1 goes and comes, -d" cpu1_goes_and_comes gone_names -d
	check "CPU 1 goes and comes, -r" cpu1_goes_and_comes gone_results -r
	check "CPU 1 goes and comes, -c" cpu1_goes_and_comes_while_counting
	check "CPU 1 is off at the start" cpu1_is_off_at_the_start
	switch_all_on
	check "CPU 1 goes and comes while the tool is stopped" cpu1_goes_and_comes_unseen
}

# Fifty processes at once look for a port when there is none, on one CPU: each return is probed.
no_port_is_left() {
	trace ports -r || return 1
	local pid=$started
	echo 0 >$cpu1/online
	timeout 120 unshare -n sh -c 'ip link set lo up && sysctl -qw net.ipv4.ip_local_port_range="32768 33767" &&
		exec "$@"' - /usr/bin/python3 "$here/no_ports.py" 50 20 1001
	local status=$?
	wait_until 60 has_no_more_ports 1000
	interrupt "$pid"
	grep -c EADDRNOTAVAIL "$work/ports.out"
	cat "$work/ports.err"
	[ $status = 0 ] && [ "$(grep -c EADDRNOTAVAIL "$work/ports.out")" = 1001 ] && ! grep lost "$work/ports.err"
}

has_no_more_ports() {
	[ "$(grep -c EADDRNOTAVAIL "$work/ports.out")" -gt "$1" ]
}

# What is made in tracefs is taken away in the end, also when the tool is killed.
nothing_stays_in_tracefs() {
	local signal
	mountpoint -q /sys/kernel/tracing || mount -t tracefs none /sys/kernel/tracing
	for signal in INT KILL; do
		trace tracefs_$signal || return 1
		grep tcpconnect_ /sys/kernel/tracing/kprobe_events || return 1
		kill -$signal "$started"
		wait_for "$started"
		wait_until 20 nothing_in_tracefs || return 1
	done
	trace tracefs_keeper && kill -KILL "$(pgrep -P "$started" tcpconnect-keep)" && interrupt "$started" &&
		nothing_in_tracefs || return 1
	# both at once: the next one takes away what they left
	trace tracefs_both && kill -KILL "$(pgrep -P "$started" tcpconnect-keep)" "$started" || return 1
	wait_for "$started"
	trace tracefs_next && interrupt "$started" && nothing_in_tracefs
}

nothing_in_tracefs() {
	! grep tcpconnect_ /sys/kernel/tracing/kprobe_events
}

says() {
	grep -qE "$2" "$work/$1.err"
}

# switched_off NAME SWITCH WORDS OPTION…: before the start, and again while it traces.
switched_off() {
	local name=$1 switch=$2 words=$3 pid
	shift 3
	echo 0 >"$switch" && trace "$name" -P 1001 "$@" || return 1
	pid=$started
	wait_until 30 says "$name" "warning: connects are not seen: $words" || return 1
	connect_to 127.0.0.1 1001
	echo 1 >"$switch"
	wait_until 60 says "$name" "warning: connects are seen again" || return 1
	connect_to 127.0.0.1 1001
	wait_until 10 has_row_of 1001 "$name" || return 1
	: >"$work/$name.err"
	echo 0 >"$switch"
	wait_until 90 says "$name" "warning: connects are not seen: $words" || return 1 # 30 s after a row, 30 s without
	echo 1 >"$switch"
	many_instances || return 1
	interrupt "$pid"
	cat "$work/$name.out"
	[ "$(rows_of 1001 "$name")" = 1 ]
}

# The returns are hooked with many instances, also when they had to be hooked again.
many_instances() {
	mountpoint -q /sys/kernel/tracing || mount -t tracefs none /sys/kernel/tracing
	cat /sys/kernel/tracing/kprobe_profile
	awk '$1 ~ /^tcp_v4_connect/ && $2 > 0 { hit = 1 } END { exit !hit }' /sys/kernel/tracing/kprobe_profile
}

switched_off_while_counting() {
	echo 0 >/proc/sys/kernel/ftrace_enabled
	trace counting -c -r || return 1
	local pid=$started
	wait_until 30 says counting 'connects are not seen: kernel.ftrace_enabled' || return 1
	echo 1 >/proc/sys/kernel/ftrace_enabled
	wait_until 60 says counting 'connects are seen again' || return 1
	connect_to 127.0.0.1 1001
	interrupt "$pid"
	cat "$work/counting.out"
	# the tool's own calls are not counted
	[ "$(tail -n +4 "$work/counting.out" | wc -l)" = 1 ] && grep -qE '127.0.0.1 +1001 +1 ' "$work/counting.out"
}

# In JSON; and with -r, the calls by which the tool finds out are no connects of anybody's.
switched_off_in_json() {
	echo 0 >/proc/sys/kernel/ftrace_enabled
	start_traced "$work/json.out" "$work/json.err" "$TCPCONNECT" --cache "$cache" --json -r
	local pid=$started
	wait_until "$START_BOUND" says json 'connects are not seen' || return 1
	echo 1 >/proc/sys/kernel/ftrace_enabled
	wait_until 60 says json 'connects are seen again'
	connect_to 127.0.0.1 1001
	wait_until 10 has_row_of 1001 json
	interrupt "$pid"
	cat "$work/json.out"
	[ "$(wc -l <"$work/json.out")" = 3 ] &&
		head -n 1 "$work/json.out" | grep -q '"lost":null,"what":"connects are not seen: kernel.ftrace_enabled is 0'
}

# Without CAP_SYS_ADMIN the kernel does not count runs, and the switch is what can be read. Maps count as locked memory
# before Linux 5.11.
switched_off_for_an_ordinary_user() {
	echo 0 >/proc/sys/kernel/ftrace_enabled
	echo 2 >/proc/sys/kernel/perf_event_paranoid
	start_traced "$work/user.out" "$work/user.err" \
		prlimit --memlock=unlimited setpriv --bounding-set=-all,+bpf,+perfmon --inh-caps=-all,+bpf,+perfmon \
		"$TCPCONNECT" --no-cache
	local pid=$started
	wait_until "$START_BOUND" says user 'connects are not seen: kernel.ftrace_enabled'
	local status=$?
	interrupt "$pid"
	cat "$work/user.err"
	return $status
}

# with_a_hook NAME FUNCTION: a copy of the probes with one more kprobe, which does nothing.
with_a_hook() {
	cp -r "$here/../../probes" "$work/$1" &&
		printf 'int kprobe__%s(struct pt_regs *ctx)\n{\n\treturn 0;\n}\n' "$2" >>"$work/$1/connect_kprobe.c"
}

# A function of a module that is loaded later: as IPv6's, where that is one.
a_module_comes_later() {
	with_a_hook later dummy_xmit && trace later --probes "$work/later" || return 1
	local pid=$started
	says later 'warning: not hooked, since this kernel has nothing of that name: kprobe__dummy_xmit' || return 1
	modprobe dummy || return 1
	wait_until 20 says later 'warning: dummy_xmit\(\) is there now, and is hooked'
	local status=$?
	cat "$work/later.err"
	interrupt "$pid" && return $status
}

# A function that the compiler has renamed: any one that has no name of its own.
renamed_function() {
	awk 'tolower($2) == "t" && NF == 3 && $3 ~ /^[a-z_0-9]+\.(isra|constprop)\.[0-9]+$/ {
			function_name = $3; sub(/\..*/, "", function_name); renamed[function_name] = renamed[function_name] $3 " "
		}
		NF == 3 && $3 !~ /\./ { plain[$3] = 1 }
		END { for (name in renamed) if (!(name in plain) && split(renamed[name], all) == 1) print name }' /proc/kallsyms |
		grep -E '^(dev_|ip_|tcp_|udp_|inet_)' | head -n 1
}

a_renamed_function_is_hooked() {
	with_a_hook renamed "$1" && trace renamed -v --probes "$work/renamed" || return 1
	local pid=$started
	interrupt "$pid"
	cat "$work/renamed.err"
	says renamed "attached kprobe__$1"
}

check_functions() {
	if modinfo dummy >/dev/null 2>&1 && ! grep -q '^dummy ' /proc/modules; then
		check "a module's function is hooked when it comes" a_module_comes_later
	else
		skip "a module's function is hooked when it comes" "there is no module 'dummy' to load"
	fi
	local function
	function=$(renamed_function)
	if [ -n "$function" ]; then
		check "a renamed function, $function(), is hooked" a_renamed_function_is_hooked "$function"
	else
		skip "a renamed function is hooked" "this kernel has none"
	fi
}

check_returns() {
	check "no port is left for fifty processes on one CPU" no_port_is_left
	switch_all_on
	check "nothing stays behind in tracefs" nothing_stays_in_tracefs
}

check_switches() {
	mountpoint -q $debugfs || mount -t debugfs none $debugfs
	check "ftrace is off at the start, and goes off later" \
		switched_off ftrace /proc/sys/kernel/ftrace_enabled 'kernel.ftrace_enabled is 0'
	switch_all_on
	check "so are all kprobes, -d -r" switched_off kprobes $debugfs/kprobes/enabled 'kprobes are switched off' -d -r
	switch_all_on
	check "ftrace is off, -c -r" switched_off_while_counting
	switch_all_on
	check "ftrace is off, --json -r" switched_off_in_json
	switch_all_on
	check "ftrace is off, without root" switched_off_for_an_ordinary_user
	switch_all_on
}

# detach_link PID: somebody takes the tool's sockops program off the root cgroup.
detach_link() {
	local id
	id=$(sed -n 's/^link_id:[[:space:]]*//p' $(grep -l '^link_type:[[:space:]]*cgroup' /proc/"$1"/fdinfo/* | head -n 1))
	bpftool link detach id "$id"
}

a_detached_link_is_attached_again() {
	trace detached -P 1001 || return 1
	local pid=$started
	detach_link "$pid" || return 1
	wait_until 90 says detached 'warning: connects are not seen: somebody has detached' &&
		wait_until 10 says detached 'warning: connects are seen again' || return 1
	connect_to 127.0.0.1 1001
	wait_until 10 has_row_of 1001 detached || return 1
	interrupt "$pid"
}

[ $hooks = kprobe ] || check "a program that somebody detaches is attached again" a_detached_link_is_attached_again
if [ -z "${GUEST_SHARE:-}" ]; then
	echo "# no guest: CPUs and switches are left alone"
else
	check_cpus
	if [ $hooks = kprobe ]; then
		check_returns
		check_functions
		check_switches
	fi
fi
finish
