#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What the compiler can read, hear, and take, when root starts it: whatever the probe's text makes of it.
. "$(dirname "$0")/../e2e/lib.sh"
chmod 755 "$work"
compiled_types=()
[ -e /sys/kernel/btf/vmlinux ] || compiled_types=(--types headers)

# edited NAME: a copy of the probes whose filter.h ends with what comes on stdin.
edited() {
	cp -r "$here/../../probes" "$work/$1" && cat >>"$work/$1/filter.h"
}

# compiles NAME OPTION…: with the probes of this name; messages in $work/NAME.err.
compiles() {
	local name=$1
	shift
	bounded "$TCPCONNECT" --compile-only "${compiled_types[@]}" --probes "$work/$name" -o "$work/$name.o" "$@" \
		2>"$work/$name.err"
}

as_ordinary_user() {
	setpriv --reuid 65533 --regid 65533 --clear-groups "$@"
}

# An #include of what is no C: clang prints its lines.
a_file_that_only_root_reads_is_not_read() {
	echo "the_secret of root" >"$work/roots" && chmod 600 "$work/roots"
	edited secret <<<"#include \"$work/roots\"" && edited shadow <<<'#include "/etc/shadow"' || return 1
	! compiles secret && ! compiles shadow || return 1
	cat "$work/secret.err" "$work/shadow.err" | grep -E 'secret|root:' | sed 's/^/said: /'
	! grep -q the_secret "$work/secret.err" && ! grep -q root: "$work/shadow.err" &&
		grep -q '^tcpconnect: the probe does not compile' "$work/secret.err"
}

a_file_that_is_open_is_not_read() {
	exec 8<"$work/roots"
	edited open <<<'#include "/proc/self/fd/8"'
	! compiles open && ! grep the_secret "$work/open.err"
	local status=$?
	exec 8<&-
	return $status
}

# What directories on the way allow is root's business: the compiler sees what it is to read.
files_that_only_root_finds_are_read() {
	mkdir -m 700 "$work/home" && cp /sys/kernel/btf/vmlinux "$work/home/btf" && chmod 600 "$work/home/btf" &&
		"$TCPCONNECT" --compile-only --btf "$work/home/btf" -o "$work/home.o"
}

files_that_only_a_user_finds_are_read() {
	mkdir -m 700 "$work/users" && cp /sys/kernel/btf/vmlinux "$work/users/btf" && chown -R 65533 "$work/users" &&
		chmod 600 "$work/users/btf" &&
		as_ordinary_user "$anyone" --compile-only --btf "$work/users/btf" -o "$work/users/x.o"
}

# libbcc is not to take what an ordinary user cannot see of the kernel for missing: bpf_probe_read_user(), for one.
a_user_makes_what_root_makes() {
	local options=("${compiled_types[@]}" -d --columns +args,exe,cgroup)
	"$anyone" --compile-only "${options[@]}" -o "$work/roots.o" &&
		as_ordinary_user "$anyone" --compile-only "${options[@]}" -o - >"$work/users.o" && cmp "$work/roots.o" "$work/users.o" &&
		"$(ls /usr/bin/llvm-objdump* | head -1)" -d "$work/roots.o" | grep -q 'call 112$' # bpf_probe_read_user
}

# An installation that nobody can enter.
an_installation_of_root_alone_works() {
	mkdir -m 700 "$work/closed" && cp -r "$work/anyone" "$work/closed/" &&
		"$work/closed/anyone/tcpconnect" --compile-only "${compiled_types[@]}" -o "$work/closed.o"
}

an_include_path_of_the_environment_is_not_searched() {
	mkdir "$work/evil" && echo '#define EVIL' >"$work/evil/evil.h" && chmod 755 "$work/evil"
	edited path <<'EOF'
#if __has_include(<evil.h>)
#error the environment names headers
#endif
EOF
	CPATH=$work/evil C_INCLUDE_PATH=$work/evil BCC_KERNEL_SOURCE=$work/evil COMPILER_PATH=$work/evil compiles path || {
		cat "$work/path.err"
		return 1
	}
}

a_hostile_place_for_files_is_not_used() {
	mkdir -m 777 "$work/hostile" && edited place </dev/null
	TMPDIR=$work/hostile compiles place && TMPDIR=$work/not-there compiles place && [ -z "$(ls "$work/hostile")" ]
}

a_library_that_is_preloaded_stays_out() {
	cat >"$work/preload.c" <<'EOF'
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
__attribute__((constructor)) static void loaded(void)
{
	if (strcmp(program_invocation_short_name, "tcpconnect-compile") == 0)
		open(PLACE, O_WRONLY | O_CREAT, 0600);
}
EOF
	cc -shared -fPIC -DPLACE="\"$work/loaded\"" -o "$work/preload.so" "$work/preload.c" && edited preload </dev/null || return 1
	LD_PRELOAD=$work/preload.so compiles preload && [ ! -e "$work/loaded" ]
}

# compiler_of PID: the confined compiler that this process has started; its process id is printed.
compiler_of() {
	local pid
	pid=$(pgrep -P "$1" -x 'tcpconnect-comp') && grep -q '^Seccomp:.2' "/proc/$pid/status" && echo "$pid"
}

start_endless() {
	{
		echo '#define A0 1+'
		for i in {1..59}; do echo "#define A$i A$((i - 1)) A$((i - 1))"; done
		echo '#if A59 1'
		echo '#endif'
	} | edited endless
	start_traced "$work/endless.out" "$work/endless.err" env CANARY=here "$TCPCONNECT" --compile-only \
		"${compiled_types[@]}" --probes "$work/endless" -o "$work/endless.o"
}

the_compiler_is_nobody() {
	local pid
	start_endless
	wait_until 30 compiler_of "$started" >/dev/null
	pid=$(compiler_of "$started") || {
		kill -KILL "$started"
		return 1
	}
	cat "/proc/$pid/status" >"$work/status"
	tr '\0' '\n' <"/proc/$pid/environ" >"$work/environ"
	ls "/proc/$pid/fd" | wc -l >"$work/fds"
	readlink "/proc/$pid/ns/mnt" "/proc/$pid/ns/net" "/proc/self/ns/mnt" "/proc/self/ns/net" | sort | uniq -d >"$work/shared"
	kill -KILL "$started"
	wait_for "$started"
	wait_until 10 ended "$pid" || return 1 # it goes with the tool
	grep -E '^(Uid|Gid|NoNewPrivs|Seccomp|Cap)' "$work/status"
	cat "$work/environ" "$work/shared"
	grep -qP '^Uid:\t65534\t65534\t65534\t65534$' "$work/status" && grep -qP '^Gid:\t65534\t65534\t65534\t65534$' "$work/status" &&
		grep -qP '^NoNewPrivs:\t1$' "$work/status" && grep -qP '^Seccomp:\t2$' "$work/status" &&
		[ "$(grep -cP '^Cap(Inh|Prm|Eff|Bnd|Amb):\t0+$' "$work/status")" = 5 ] &&
		! grep -q CANARY "$work/environ" && [ ! -s "$work/shared" ]
}

# ended_with WORDS NAME LIMIT…: a compilation that takes too much is one line, and the status 1.
ended_with() {
	local words=$1 name=$2
	shift 2
	bounded prlimit "$@" "$TCPCONNECT" --compile-only "${compiled_types[@]}" --probes "$work/$name" -o "$work/$name.o" \
		2>"$work/$name.err"
	[ $? = 1 ] || return 1
	cat "$work/$name.err"
	[ "$(wc -l <"$work/$name.err")" = 1 ] && grep -q "^tcpconnect: .*$words" "$work/$name.err"
}

time_is_limited() {
	ended_with "limit of processor time" endless --cpu=3:30
}

memory_is_limited() {
	{
		echo '#define A0 1,1,1,1,1,1,1,1,'
		for i in {1..27}; do echo "#define A$i A$((i - 1)) A$((i - 1))"; done
		echo 'static const int big[] = { A27 1 };'
	} | edited big
	ended_with "is there enough memory.*1 GiB at most" big --core=0
}

# put_headers TREE: headers that say they are the running kernel's, and are no C.
put_headers() {
	local tree=$1 release
	release=$(uname -r)
	mkdir -p "$tree"/include/{linux,generated} && echo >"$tree/include/linux/kconfig.h" &&
		echo >"$tree/include/generated/autoconf.h" && echo 'this is no C;' >"$tree/include/linux/types.h" &&
		echo "#define UTS_RELEASE \"$release\"" >"$tree/include/generated/utsrelease.h"
}

headers_of_others_are_refused() {
	local tree
	tree=/usr/src/linux-headers-$(uname -r)
	export -f put_headers
	unshare -m bash -c 'mount -t tmpfs none /usr/src && put_headers "$0" && chown -R 65533 "$0/include" && shift && "$@"' \
		"$tree" - "$TCPCONNECT" --compile-only --types headers -o "$work/theirs.o" 2>"$work/theirs.err"
	[ $? = 1 ] || return 1
	cat "$work/theirs.err"
	[ "$(wc -l <"$work/theirs.err")" = 1 ] && grep -q 'headers not used: .* belongs to uid 65533.*name them with --headers' "$work/theirs.err"
}

# They are looked for as root, even where there is BTF.
a_pipe_in_a_tree_does_no_harm() {
	local tree
	tree=/usr/src/linux-headers-$(uname -r)
	bounded timeout 20 unshare -m bash -c 'mount -t tmpfs none /usr/src && mkdir -p "$0/include/generated" &&
		: >"$0/include/generated/autoconf.h" && mkfifo "$0/Makefile" "$0/include/generated/utsrelease.h" && "$@"' \
		"$tree" "$TCPCONNECT" --compile-only "${compiled_types[@]}" -o "$work/pipe.o"
}

headers_that_are_named_are_used_with_a_warning() {
	put_headers "$work/tree" && chown -R 65533 "$work/tree" || return 1
	! bounded "$TCPCONNECT" --compile-only --headers "$work/tree" -o "$work/named.o" 2>"$work/named.err" || return 1
	cat "$work/named.err"
	grep -q "^tcpconnect: warning: --headers: .*/tree belongs to uid 65533" "$work/named.err" &&
		grep -q "this libbcc cannot compile the kernel's types from kernel headers .*/tree" "$work/named.err"
}

headers_that_nobody_reads_are_named() {
	put_headers "$work/closed-tree" && chmod 700 "$work/closed-tree" || return 1
	! bounded "$TCPCONNECT" --compile-only --headers "$work/closed-tree" -o "$work/named.o" 2>"$work/named.err" || return 1
	cat "$work/named.err"
	[ "$(wc -l <"$work/named.err")" = 1 ] && grep -q "closed-tree cannot be read by user nobody.*chmod -R go+rX" "$work/named.err"
}

# The kernel's own archive, as CONFIG_IKHEADERS makes it.
headers_from_kheaders() {
	put_headers "$work/kheaders" && tar -cJf "$work/kheaders.tar.xz" -C "$work/kheaders" . || return 1
	! unshare -m bash -c 'mount -t tmpfs none /sys/kernel && cp "$0" /sys/kernel/kheaders.tar.xz && chmod 644 "$0" && "$@"' \
		"$work/kheaders.tar.xz" "$TCPCONNECT" --compile-only -o "$work/kheaders.o" 2>"$work/kheaders.err" || return 1
	tail -n 2 "$work/kheaders.err"
	grep -q "cannot compile the kernel's types from kernel headers /sys/kernel/kheaders.tar.xz" "$work/kheaders.err"
}

# Where neither mounts nor other users are to be had, as in containers.
what_cannot_be_had_is_said() {
	edited container </dev/null
	bounded setpriv --bounding-set=-sys_admin,-setuid,-setgid --inh-caps=-sys_admin,-setuid,-setgid "$TCPCONNECT" -v --compile-only \
		"${compiled_types[@]}" --probes "$work/container" -o "$work/container.o" 2>"$work/container.err" || return 1
	cat "$work/container.err"
	grep -q 'compiling without a view of its own files only: Operation not permitted' "$work/container.err" &&
		grep -q 'compiling without user nobody' "$work/container.err"
}

# Root's compilers have a /tmp of their own.
nothing_is_left_behind() {
	[ -z "$(find /tmp -maxdepth 1 -name 'tcpconnect-??????' -uid +65532 2>/dev/null)" ]
}

# a copy where everybody can read it
mkdir -p "$work/anyone" && cp "$TCPCONNECT" "$TCPCONNECT_COMPILE" "$work/anyone/" &&
	cp -r "$here/../../probes" "$work/anyone/probes" && chmod -R go+rX,go-w "$work/anyone"
anyone=$work/anyone/tcpconnect

check "a file that only root may read is not read" a_file_that_only_root_reads_is_not_read
check "a file that root's shell has open is not read" a_file_that_is_open_is_not_read
check "an include path of the environment is not searched" an_include_path_of_the_environment_is_not_searched
check "a place for files of the environment is not used" a_hostile_place_for_files_is_not_used
check "a library of the environment is not loaded" a_library_that_is_preloaded_stays_out
check "the compiler is nobody, alone, and goes with the tool" the_compiler_is_nobody
check "processor time is limited" time_is_limited
check "memory is limited" memory_is_limited
if [ -e /sys/kernel/btf/vmlinux ]; then
	check "BTF that only root finds is read" files_that_only_root_finds_are_read
	check "BTF that only a user finds is read for that user" files_that_only_a_user_finds_are_read
else
	skip "BTF that only root finds, or only a user" "this kernel has no BTF"
fi
check "an ordinary user makes the object that root makes" a_user_makes_what_root_makes
check "an installation that only root can enter" an_installation_of_root_alone_works
if [ -e "/lib/modules/$(uname -r)/build" ]; then
	skip "headers that others can change, kheaders" "this kernel's headers are installed"
else
	check "headers that others can change are refused" headers_of_others_are_refused
	check "a pipe in a tree of headers does no harm" a_pipe_in_a_tree_does_no_harm
	check "headers from kheaders.tar.xz" headers_from_kheaders
fi
check "headers that others can change are taken when they are named" headers_that_are_named_are_used_with_a_warning
check "headers that only root can read: what to do is said" headers_that_nobody_reads_are_named
check "what cannot be had is said with -v, and it compiles" what_cannot_be_had_is_said
check "nothing is left in /tmp" wait_until 10 nothing_is_left_behind
finish
