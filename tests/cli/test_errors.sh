#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What stands in the way is said in one line, with what to do; the exit status is 1, and stdout stays empty.
. "$(dirname "$0")/../e2e/lib.sh"
chmod 755 "$work"

# fails WORDS COMMAND…
fails() {
	local words=$1 status
	shift
	bounded "$@" >"$work/out" 2>"$work/err"
	status=$?
	cat "$work/err"
	[ $status = 1 ] && grep -qE -- "$words" "$work/err" && [ ! -s "$work/out" ] &&
		[ "$(grep -c '^tcpconnect: ' "$work/err")" = 1 ]
}

as_nobody() {
	setpriv --reuid 65534 --clear-groups --bounding-set=-all --inh-caps=-all "$@"
}

with_capabilities() {
	setpriv --reuid 65534 --clear-groups --inh-caps="$1" --ambient-caps="$1" "${@:2}"
}

no_headers() {
	local release
	release=$(uname -r)
	[ ! -e "/lib/modules/$release/build" ] || return 77
	timeout 120 "$TCPCONNECT" --no-cache --types headers >"$work/out" 2>"$work/err"
	[ $? = 1 ] || return 1
	cat "$work/err"
	grep -q "apt-get install linux-headers-$release" "$work/err"
}

# A header tree of the right release whose headers clang cannot compile.
headers_that_do_not_compile() {
	local tree=$work/tree release
	release=$(uname -r)
	mkdir -p "$tree"/include/{linux,generated,net,uapi/linux,config} "$tree/arch/x86/include"
	echo "#define UTS_RELEASE \"$release\"" >"$tree/include/generated/utsrelease.h"
	echo "$release" >"$tree/include/config/kernel.release"
	echo >"$tree/include/linux/kconfig.h"
	echo >"$tree/include/generated/autoconf.h"
	echo "this is no C;" >"$tree/include/linux/types.h"
	cp "$tree/include/linux/types.h" "$tree/include/net/sock.h"
	timeout 120 "$TCPCONNECT" --no-cache --types headers --headers "$tree" >"$work/out" 2>"$work/err"
	[ $? = 1 ] || return 1
	tail -n 3 "$work/err"
	tail -n 1 "$work/err" | grep -q "^tcpconnect: this libbcc cannot compile the kernel's types from .*--object"
}

# The compiler is there, libbcc is not.
without_libbcc() {
	local library
	library=$(ldd "$TCPCONNECT_COMPILE" | awk '/libbcc/ {print $3}')
	fails "install libbcc" unshare -m bash -c 'mount --bind /dev/null "$0" && exec "$@"' \
		"$(readlink -f "$library")" "$TCPCONNECT" --no-cache
}

without_the_compiler() {
	mkdir -p "$work/alone" && cp "$TCPCONNECT" "$work/alone/" && cp -r "$here/../../probes" "$work/alone/probes"
	fails "tcpconnect-compile: No such file" "$work/alone/tcpconnect" --no-cache --probes "$work/alone/probes"
}

probes_of_others() {
	cp -r "$here/../../probes" "$work/theirs" && chown 65534 "$work/theirs/event.h"
	chown 65534 "$work/theirs/filter.h"
	fails "event.h belongs to uid 65534.*so are filter.h; all at once: sudo chown -R root: " "$TCPCONNECT" --no-cache \
		--probes "$work/theirs" || return 1
	chown 0 "$work/theirs"/* && chmod 777 "$work/theirs"
	fails "theirs is writable by others" "$TCPCONNECT" --no-cache --probes "$work/theirs" || return 1
	! grep 'so are' "$work/err" || return 1 # it is the directory, once
	chmod 755 "$work/theirs" && chown 65534 "$work/theirs/event.h" && rm "$work/theirs/connect.h"
	fails "event.h belongs to uid 65534" "$TCPCONNECT" --no-cache --probes "$work/theirs" &&
		! grep 'so are' "$work/err" # what is not there belongs to nobody
}

a_changed_event() {
	cp -r "$here/../../probes" "$work/event"
	sed -i 's/^	__u16 lport;/	__u32 lport;/' "$work/event/event.h"
	fails "the field 'lport'|the field 'kind'|the field '" "$TCPCONNECT" --no-cache --probes "$work/event"
}

# BTF as of a kernel without IPv6: its sockets have no addresses for it. Both ways of hooking compile.
a_kernel_without_ipv6() {
	sed 's/skc_v6_daddr/skc_no_daddr/; s/skc_v6_rcv_saddr/skc_no_rcv_saddr/' /sys/kernel/btf/vmlinux >"$work/no_ipv6" || return 1
	local hooks
	for hooks in kprobe sockops; do
		"$TCPCONNECT" --compile-only --kernel 9.9.9-no-ipv6 --btf "$work/no_ipv6" --attach $hooks -o "$work/no_ipv6.o" ||
			return 1
	done
}

the_text_is_what_is_compiled() {
	"$TCPCONNECT" --ebpf -P 80,443 -u 0 -4 >"$work/text" || return 1
	grep -qx '#define TRACE_PORT(value) ((value) == 80U || (value) == 443U)' "$work/text" &&
		grep -qx '#define ONLY_IPV4' "$work/text" && ! grep -q TRACE_PID\(value "$work/text" || return 1
	"$TCPCONNECT" --compile-only -P 80,443 -u 0 -4 -o "$work/x.o" || return 1
	"$(ls /usr/bin/llvm-objcopy* | head -1)" --dump-section="tcpconnect.text=$work/x.text" "$work/x.o" /dev/null
	cmp "$work/text" "$work/x.text"
}

the_tool_has_no_llvm() {
	! ldd "$TCPCONNECT" | grep -E 'LLVM|clang|bcc'
}

an_installed_tree_works_wherever_it_is() {
	local root=$work/root
	cmake --install "$programs/.." --prefix "$root" >/dev/null || return 1
	find "$root" -type f | sed "s,$root/,," | sort
	[ -x "$root/sbin/tcpconnect" ] && [ -x "$root/libexec/tcpconnect/tcpconnect-compile" ] &&
		[ -e "$root/share/tcpconnect/probes/event.h" ] && [ -e "$root/share/man/man8/tcpconnect.8" ] &&
		mv "$root" "$work/moved" && "$work/moved/sbin/tcpconnect" --compile-only -o "$work/y.o"
}

# What -o names stays what it is: a device a device, a link a link.
an_output_that_is_no_file() {
	mknod "$work/null" c 1 3 && "$TCPCONNECT" --compile-only -o "$work/null" && [ -c "$work/null" ] || return 1
	ln -s target.o "$work/link.o" && : >"$work/target.o" && "$TCPCONNECT" --compile-only -o "$work/link.o" &&
		[ -L "$work/link.o" ] && [ -s "$work/target.o" ] || return 1
	"$TCPCONNECT" --compile-only -o /dev/stdout | cat >"$work/piped.o" && readelf -h "$work/piped.o" | grep -q BPF
}

# What is edited in vain is said.
unread_edits() {
	cp -r "$here/../../probes" "$work/unread" && echo "int kprobe__mine(void *ctx) { return 0; }" >"$work/unread/mine.c"
	echo "/* edited */" >>"$work/unread/dns_libc.c"
	"$TCPCONNECT" --ebpf --probes "$work/unread" >/dev/null 2>"$work/err" || return 1
	cat "$work/err"
	grep -q 'warning: .*/mine.c is not read' "$work/err" &&
		grep -q 'warning: .*/dns_libc.c was edited and is not read: it is with -d' "$work/err" &&
		[ "$(wc -l <"$work/err")" = 2 ] || return 1
	"$TCPCONNECT" --ebpf -d --dns-source wire --probes "$work/unread" 2>&1 >/dev/null |
		grep 'dns_libc.c .*: it is with -d, unless --dns-source wire'
}

# A closed standard output takes nothing: that is an error at once, and never tracing into nothing.
closed_stdout() {
	local option
	for option in --version --help --ebpf "--cache $cache"; do
		# shellcheck disable=SC2086 # an option and its argument
		timeout 60 "$TCPCONNECT" $option >&- 2>"$work/err"
		[ $? = 1 ] && grep -q 'cannot write to stdout: Bad file descriptor' "$work/err" || {
			echo "$option:"
			cat "$work/err"
			return 1
		}
	done
}

closed_streams() {
	"$TCPCONNECT" --compile-only -o "$work/closed.o" <&- >&- 2>&- && [ -s "$work/closed.o" ]
}

# Ctrl-C while it compiles: no object, and no success.
an_interrupted_compiler() {
	local compiler tool
	env "$default_signals" "$TCPCONNECT" --compile-only -o "$work/interrupted.o" &
	tool=$!
	wait_until 20 pgrep -P "$tool" -f tcpconnect-compile >"$work/compiler" || return 1
	compiler=$(cat "$work/compiler")
	kill -STOP "$compiler" || return 1
	kill -INT "$tool"
	! wait_for "$tool" && [ ! -e "$work/interrupted.o" ] && ! kill -0 "$compiler" 2>/dev/null
}

# As in a container whose seccomp profile forbids bpf(), to root too.
bpf_is_forbidden() {
	fails "does not let this process load .*container that allow bpf\(\)" "$programs/without" bpf "$TCPCONNECT" \
		--cache "$cache"
}

# Neither mounted nor within fsopen()'s reach.
without_cgroup_v2() {
	unshare -m bash -c 'umount -a -t cgroup2 && ! grep -q " cgroup2 " /proc/mounts && exec "$@"' - \
		"$programs/without" fsopen "$TCPCONNECT" --cache "$cache" --attach sockops
}

messages_of_a_full_disk() {
	"$TCPCONNECT" --ebpf >/dev/full 2>"$work/err"
	[ $? = 1 ] && grep -q 'No space left' "$work/err" || return 1
	timeout 60 "$TCPCONNECT" --cache "$cache" >/dev/full 2>"$work/err"
	[ $? = 1 ] && [ "$(grep -c 'No space left' "$work/err")" = 1 ]
}

# a copy where everybody can read it
mkdir -p "$work/anyone" && cp "$TCPCONNECT" "$TCPCONNECT_COMPILE" "$work/anyone/" &&
	cp -r "$here/../../probes" "$work/anyone/probes" && chmod -R go+rX,go-w "$work/anyone"
anyone=$work/anyone/tcpconnect

check "not root" fails "needs root, or CAP_BPF, CAP_PERFMON" as_nobody "$anyone"
check "CAP_BPF alone: what is missing is named" fails "needs root, or CAP_PERFMON" \
	with_capabilities +bpf "$anyone"
if [ -e "/lib/modules/$(uname -r)/build" ]; then
	skip "no kernel headers" "this kernel's are installed"
else
	check "no kernel headers: the package is named" no_headers
fi
check "headers of no kernel" fails "no types of kernel 9.9.9-none .*: name its headers with --headers" \
	"$TCPCONNECT" --compile-only --kernel 9.9.9-none --types btf -o "$work/x.o"
check "headers that do not compile: the way out is named" headers_that_do_not_compile
if [ -e /sys/kernel/btf/vmlinux ]; then
	check "a kernel without IPv6: the probes compile" a_kernel_without_ipv6
else
	skip "a kernel without IPv6" "this kernel has no BTF"
fi
check "no libbcc" without_libbcc
check "no compiler" without_the_compiler
check "no probes" fails "not-here" "$TCPCONNECT" --no-cache --probes "$work/not-here"
check "probes that others can change" probes_of_others
check "an event of another layout" a_changed_event
check "an output that cannot be written" fails "not-here/x.o: No such file" \
	"$TCPCONNECT" --compile-only -o "$work/not-here/x.o"
check "an output that is a device, or a link" an_output_that_is_no_file
check "edits that are not read are said" unread_edits
check "a closed standard output" closed_stdout
check "closed standard streams" closed_streams
check "a file that is no BTF" fails "no kernel BTF can be read from /etc/passwd; --btf takes" \
	"$TCPCONNECT" --no-cache --btf /etc/passwd
check "a directory that has no headers" fails "no kernel headers in /etc.*--headers takes" "$TCPCONNECT" --no-cache --headers /etc
check "Ctrl-C while it compiles leaves no object, and is no success" an_interrupted_compiler
check "an object that is none" fails "no object that --compile-only wrote" "$TCPCONNECT" --object /etc/hostname
check "--ebpf prints the very text" the_text_is_what_is_compiled
check "a full disk under stdout" messages_of_a_full_disk
check "the tool links no LLVM" the_tool_has_no_llvm
check "an installed tree works wherever it is" an_installed_tree_works_wherever_it_is
check "bpf() is forbidden, though to root" bpf_is_forbidden
if [ -e /sys/bus/event_source/devices/kprobe ]; then
	skip "neither kprobes nor cgroup v2" "this kernel has kprobes"
	skip "no kprobes" "this kernel has them"
else
	check "neither kprobes nor cgroup v2" fails "no kprobes .*, and no cgroup v2 is within reach" without_cgroup_v2
	check "no kprobes: another way is named" fails "try --attach sockops" "$TCPCONNECT" --attach kprobe --cache "$cache"
fi
finish
