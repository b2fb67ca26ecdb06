#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What a kernel with kprobes allows, and what the tool says of what it does not: to a user with two capabilities,
# under lockdown=confidentiality (when the kernel was booted with it).
#
# usage: TCPCONNECT=… restricted.sh
. "$(dirname "$0")/lib.sh"
chmod 755 "$work"
mkdir -p "$work/anyone" && cp "$TCPCONNECT" "$TCPCONNECT-compile" "$work/anyone/" &&
	cp -r "$here/../../probes" "$work/anyone/probes" && chmod -R go+rX,go-w "$work/anyone"
locked=no
grep -q '\[confidentiality\]' /sys/kernel/security/lockdown && locked=yes
echo "# $(uname -r), lockdown=confidentiality: $locked"

# traces_as COMMAND…: the rows of one connect
traces_as() {
	start_traced "$work/as.out" "$work/as.err" "$@"
	echo "$started" >>"$work/pids"
	wait_until "$START_BOUND" traces_or_ended as "$started"
	traces as || {
		cat "$work/as.err"
		return 1
	}
	local pid=$started
	connect_to 127.0.0.1 1001
	wait_until 10 has_rows as 1
	interrupt "$pid" && [ "$(rows as)" = 1 ]
}

# says WORDS COMMAND…: ends with status 1, and one line.
says() {
	local words=$1
	shift
	timeout 300 "$@" >"$work/says.out" 2>"$work/says.err"
	local status=$?
	cat "$work/says.err"
	[ $status = 1 ] && [ "$(wc -l <"$work/says.err")" = 1 ] && grep -qE "$words" "$work/says.err" && [ ! -s "$work/says.out" ]
}

with_capabilities=(setpriv --reuid 65534 --clear-groups --inh-caps=+bpf,+perfmon --ambient-caps=+bpf,+perfmon
	"$work/anyone/tcpconnect" --no-cache -P 1001)

capabilities() {
	echo "$1" >/proc/sys/kernel/perf_event_paranoid && shift && "$@" "${with_capabilities[@]}"
}

if [ $locked = yes ]; then
	check "lockdown=confidentiality is named" \
		says "lockdown=confidentiality keeps kprobes from reading" "$TCPCONNECT" --no-cache --attach kprobe
	# sockops programs may ask who connects on 6.18 and later, not on 6.12
	if [ "$(printf '%s\n' 6.18 "$(uname -r)" | sort -V | head -n 1)" = 6.18 ]; then
		check "under lockdown=confidentiality sockops is chosen" traces_as "$TCPCONNECT" --no-cache -P 1001
		check "what reads the kernel is refused" says "do without -r" "$TCPCONNECT" --no-cache -r
		check "so is a column that is read there" says "columns .*process" "$TCPCONNECT" --no-cache --columns +process
	else
		check "under lockdown=confidentiality nothing is left" says "lockdown=confidentiality" "$TCPCONNECT" --no-cache
	fi
else
	check "CAP_BPF and CAP_PERFMON are enough" capabilities 2 traces_as
	check "but for perf_event_paranoid=3" capabilities 3 says "perf_event_paranoid at most 2$"
	if [ "$(printf '%s\n' 6.18 "$(uname -r)" | sort -V | head -n 1)" = 6.18 ]; then
		check "--attach sockops" traces_as "$TCPCONNECT" --no-cache -P 1001 --attach sockops
	else
		check "--attach sockops on a kernel that is too old for it" \
			says "sockops tells who connects from Linux 6.18 on" "$TCPCONNECT" --no-cache --attach sockops
	fi
fi
finish
