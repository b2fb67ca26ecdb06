#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Kept and precompiled objects: what is used, what is refused, and that nothing about them ends a run.
. "$(dirname "$0")/../e2e/lib.sh"
hooks=sockops
[ -e /sys/bus/event_source/devices/kprobe ] && hooks=kprobe
chmod 755 "$work"

# start NAME OPTION…: one run with -v, ended as soon as it traces.
start() {
	local name=$1
	shift
	start_traced "$work/$name.out" "$work/$name.err" "$TCPCONNECT" -v "$@"
	wait_until 60 traces_or_ended "$name" "$started"
	interrupt "$started"
}

hit() {
	start "$1" --cache "$kept" && grep -q 'object from the cache' "$work/$1.err" &&
		! grep -q ' compiled with' "$work/$1.err"
}

miss() {
	local name=$1
	shift
	start "$name" --cache "$kept" "$@" && grep -q ' compiled with' "$work/$name.err"
}

kept=$work/kept
object() { ls "$kept"/*.o; }

first_start_keeps() {
	miss first && [ "$(object | wc -l)" = 1 ] && [ "$(stat -c '%a %u' "$(object)")" = "644 0" ]
}

an_edit_is_a_miss() {
	cp -r "$here/../../probes" "$work/edited"
	echo "/* one line more */" >>"$work/edited/filter.h"
	miss edited --probes "$work/edited"
}

# damaged NAME WORDS COMMAND…: what the command does to the object makes it refused, for the reason in WORDS, and made again.
damaged() {
	local name=$1 words=$2
	shift 2
	"$@" "$(object)" || return 1
	miss "$name" && {
		cat "$work/$name.err"
		grep -q "cached object not used: .*$words" "$work/$name.err"
	} && hit "$name-again"
}

cut_short() { truncate -s -100 "$1"; }
emptied() { truncate -s 0 "$1"; }
flip() { printf '\377' | dd of="$1" bs=1 seek=1500 conv=notrunc status=none; }
foreign() { chown 65534 "$1"; }
writable() { chmod 666 "$1"; }
linked() { ln "$1" "$work/other-name"; }
symlinked() { mv "$1" "$work/moved.o" && ln -s "$work/moved.o" "$1"; }
# the object of another question under this one's name
swapped() {
	"$TCPCONNECT" --compile-only -P 7 -o "$work/other.o" --attach $hooks && cp "$work/other.o" "$1"
}
a_fifo() { rm "$1" && mkfifo "$1"; }

a_directory_that_others_may_write_is_not_used() {
	mkdir -p "$work/open" && chmod 777 "$work/open"
	start open --cache "$work/open" && grep -q 'not kept in .*writable by others' "$work/open.err" &&
		[ -z "$(ls "$work/open")" ]
}

a_directory_of_another_user_is_not_used() {
	mkdir -p "$work/theirs/below" && chown 65534 "$work/theirs"
	start theirs --cache "$work/theirs/below" && grep -q 'uid 65534, not to root' "$work/theirs.err" &&
		[ -z "$(ls "$work/theirs/below")" ]
}

# on_tmpfs OPTIONS: a cache that cannot keep anything costs the cache, not the run.
on_tmpfs() {
	local mount=$work/tmpfs status
	mkdir -p "$mount"
	mount -t tmpfs -o "$1" none "$mount" || return 1
	start tmpfs --cache "$mount/cache" && grep -q 'object not kept' "$work/tmpfs.err" && traces tmpfs &&
		[ -z "$(ls -A "$mount/cache" 2>/dev/null)" ]
	status=$?
	umount "$mount"
	return $status
}

two_first_starts_at_once() {
	kept=$work/twice
	start_traced "$work/one.out" "$work/one.err" "$TCPCONNECT" -v --cache "$kept"
	local one=$started
	start_traced "$work/two.out" "$work/two.err" "$TCPCONNECT" -v --cache "$kept"
	local two=$started
	wait_until 60 traces one && wait_until 60 traces two || return 1
	interrupt "$one" && interrupt "$two" && hit third && [ "$(ls "$kept" | wc -l)" = 1 ]
	local status=$?
	kept=$work/kept
	return $status
}

it_is_bounded_and_the_longest_unused_goes() {
	local many=$work/many name
	cp -r "$kept" "$many"
	for name in $(seq 1 70); do
		echo old >"$many/$(printf '%016x' "$name").o"
		touch -d "2020-01-01 + $name minutes" "$many/$(printf '%016x' "$name").o"
	done
	start bounded --cache "$many" -P 9 || return 1
	[ "$(ls "$many" | wc -l)" = 64 ] && [ ! -e "$many/$(printf '%016x' 1).o" ] &&
		[ -e "$many/$(printf '%016x' 70).o" ] && start bounded-again --cache "$many" &&
		grep -q 'from the cache' "$work/bounded-again.err"
}

without_cache_it_compiles() {
	start without --no-cache && grep -q ' compiled with' "$work/without.err" &&
		! grep -q 'kept' "$work/without.err"
}

# A hit needs no compiler: the tool is run from a copy without one.
a_hit_needs_no_compiler() {
	mkdir -p "$work/alone" && cp "$TCPCONNECT" "$work/alone/" && cp -r "$here/../../probes" "$work/alone/probes"
	start warm --cache "$kept" --probes "$work/alone/probes" || return 1
	start_traced "$work/alone.out" "$work/alone.err" "$work/alone/tcpconnect" --cache "$kept" \
		--probes "$work/alone/probes"
	wait_until 60 traces_or_ended alone "$started"
	interrupt "$started" && traces alone
}

precompiled=$work/precompiled.o
compile_only_needs_no_privilege() {
	mkdir -p "$work/nobody" && chown 65534 "$work/nobody"
	# a copy where everybody can read it
	mkdir -p "$work/anyone" && cp "$TCPCONNECT" "${TCPCONNECT}-compile" "$work/anyone/" &&
		cp -r "$here/../../probes" "$work/anyone/probes" && chmod -R go+rX,go-w "$work/anyone" || return 1
	setpriv --reuid 65534 --clear-groups --bounding-set=-all --inh-caps=-all \
		"$work/anyone/tcpconnect" --compile-only -P 1001,1002 -o "$work/nobody/x.o" --attach $hooks || return 1
	cp "$work/nobody/x.o" "$precompiled"
}

a_precompiled_object_traces() {
	trace_object object -U -L || return 1
	local pid=$started
	connect_to 127.0.0.1 1001
	connect_to 127.0.0.1 1003
	connect_to ::1 1002
	wait_until 10 has_rows object 2
	interrupt "$pid"
	cat "$work/object.out"
	[ "$(rows object)" = 2 ] && sed -n 2p "$work/object.out" | grep -q '^UID .* LPORT'
}

trace_object() {
	local name=$1
	shift
	start_traced "$work/$name.out" "$work/$name.err" "$TCPCONNECT" --object "$precompiled" "$@"
	pids+=("$started")
	wait_until 60 traces "$name"
}

# refused WORDS OPTION…: ends with status 1 or 2 and one line with these words.
refused() {
	local words=$1
	shift
	! timeout 60 "$TCPCONNECT" "$@" >"$work/refused.out" 2>"$work/refused.err" || return 1
	cat "$work/refused.err"
	grep -q -- "$words" "$work/refused.err" && [ ! -s "$work/refused.out" ]
}

# BTF that is not the running kernel's: a name in it differs.
another_btf() {
	sed 's/skc_hash/skc_hush/' /sys/kernel/btf/vmlinux >"$work/btf"
}

the_running_kernels_btf_is_not_anothers() {
	refused "is that of the running kernel, not of 5.10.0-1-other" --compile-only --kernel 5.10.0-1-other \
		--btf /sys/kernel/btf/vmlinux -o "$work/foreign.o"
}

for_another_kernel() {
	another_btf && "$TCPCONNECT" --compile-only --kernel 5.10.0-1-other --btf "$work/btf" -o "$work/foreign.o" &&
		refused "compiled for kernel 5.10.0-1-other .*this is $(uname -r)" --object "$work/foreign.o"
}

a_changed_object_is_refused() {
	cp "$precompiled" "$work/flipped.o" && flip "$work/flipped.o"
	refused "damaged" --object "$work/flipped.o"
}

an_object_of_another_user_is_refused() {
	cp "$precompiled" "$work/theirs.o" && chown 65534 "$work/theirs.o"
	refused "belongs to uid 65534, not to root: sudo chown root: .*sudo tee" --object "$work/theirs.o"
}

# The whole of a roll-out: written to a pipe, kept by root on the other side.
an_object_goes_through_a_pipe() {
	"$TCPCONNECT" --compile-only -P 1001 --attach $hooks -o - | cat >"$work/piped.o" || return 1
	precompiled=$work/piped.o
	trace_object piped && interrupt "$started"
}

an_object_is_not_for_a_terminal() {
	timeout 60 script -qefc "$TCPCONNECT --compile-only -o -" "$work/terminal" >/dev/null </dev/null
	[ $? = 2 ] && grep -q -- '-o -: an object is not for a terminal' "$work/terminal"
}

# Whoever changes what compiles gets no object of before: the compiler here, libbcc likewise.
another_compiler_is_a_miss() {
	cp -r "$work/anyone" "$work/rebuilt"
	TCPCONNECT=$work/rebuilt/tcpconnect miss rebuilt-first -P 4001 || return 1
	TCPCONNECT=$work/rebuilt/tcpconnect hit_with rebuilt-second -P 4001 || return 1
	cp "$TCPCONNECT_COMPILE" "$work/rebuilt/new" && mv "$work/rebuilt/new" "$work/rebuilt/tcpconnect-compile"
	TCPCONNECT=$work/rebuilt/tcpconnect miss rebuilt-third -P 4001 &&
		grep -q 'another text, kernel or compiler' "$work/rebuilt-third.err"
}

# A new build beside the installed one, of the same version, which shares the cache.
another_installation_is_a_miss() {
	cp -r "$work/anyone" "$work/beside" && printf x >>"$work/beside/tcpconnect-compile"
	miss beside-first -P 4002 && TCPCONNECT=$work/beside/tcpconnect miss beside-second -P 4002
}

hit_with() {
	local name=$1
	shift
	start "$name" --cache "$kept" "$@" && grep -q 'object from the cache' "$work/$name.err"
}

as_nobody() { setpriv --reuid 65534 --clear-groups "$@"; }

# The compiler would run in the user's hand, so that only what root has compiled is loaded.
with_capabilities_of_the_file_nothing_is_compiled() {
	local capable=$work/capable/tcpconnect
	! as_nobody timeout 60 "$capable" --no-cache --headers "$work/own" >/dev/null 2>"$work/own.err" &&
		grep 'with capabilities of the executable.s file nothing is compiled' "$work/own.err" || return 1
	! as_nobody timeout 60 "$capable" --cache "$kept" -P 4003 >/dev/null 2>"$work/own.err" &&
		grep 'nothing is compiled' "$work/own.err" || return 1
	TCPCONNECT=$capable start roots --cache "$kept" -P 4003 || return 1
	start_traced "$work/users.out" "$work/users.err" setpriv --reuid 65534 --clear-groups "$capable" --cache "$kept" -P 4003
	wait_until 60 traces_or_ended users "$started"
	interrupt "$started"
	cat "$work/users.err"
	traces users
}

# Capabilities of the file, and an ordinary user: his own probes and objects would be BPF at will.
with_capabilities_of_the_file_only_roots_files_count() {
	cp -r "$work/anyone" "$work/capable" && chmod 755 "$work"
	setcap cap_bpf,cap_perfmon,cap_net_admin+ep "$work/capable/tcpconnect" || return 1
	cp -r "$here/../../probes" "$work/own" && chown -R 65534 "$work/own"
	cp "$precompiled" "$work/own.o" && chown 65534 "$work/own.o"
	! as_nobody timeout 60 "$work/capable/tcpconnect" --no-cache --probes "$work/own" >/dev/null 2>"$work/own.err" &&
		grep 'belongs to uid 65534, not to root' "$work/own.err" || return 1
	! as_nobody timeout 60 "$work/capable/tcpconnect" --object "$work/own.o" >/dev/null 2>"$work/own.err" &&
		grep 'belongs to uid 65534, not to root' "$work/own.err"
}

a_named_source_of_types_says_that_the_cache_is_not_used() {
	start types --cache "$kept" --types btf && grep -q 'cache not used: --types, --btf and --headers' "$work/types.err"
}

# the rows of one process among many others in a list
a_list_of_20000_pids() {
	local list reader pid connecting
	mkfifo "$work/list.fifo"
	bash -c 'read -r -t 120 line; echo >/dev/tcp/127.0.0.1/4101' <"$work/list.fifo" 2>/dev/null &
	connecting=$!
	pids+=("$connecting")
	exec 7>"$work/list.fifo"
	list=$(seq -s, 3000001 3010000),$connecting # one argument has 128 KiB at most
	start_traced "$work/list.out" "$work/list.err" "$TCPCONNECT" -v --cache "$kept" -p "$list" \
		-p "$(seq -s, 3010001 3020000)"
	pid=$started
	pids+=("$pid")
	wait_until 60 traces_or_ended list "$pid" && traces list || return 1
	bash -c 'echo >/dev/tcp/127.0.0.1/4102' 2>/dev/null
	echo >&7
	exec 7>&-
	wait_until 10 has_rows list 1
	interrupt "$pid"
	cat "$work/list.err"
	[ "$(rows list)" = 1 ] && grep -q ' 4101 ' "$work/list.out" || return 1
	# another list of about that length is the same text
	hit_with other-list -p "$(seq -s, 3100001 3110000)" -p "$(seq -s, 3110001 3119000)"
}

long_lists_of_ports_and_users() {
	trace_list ports -P "$(seq -s, 4001 4300)" && connect_to 127.0.0.1 4150 && connect_to 127.0.0.1 4350 &&
		wait_until 10 has_rows ports 1 && interrupt "$started" && [ "$(rows ports)" = 1 ] || return 1
	trace_list users -P 4400,4401 -u "$(seq -s, 1 30)" && connect_to 127.0.0.1 4400 &&
		setpriv --reuid 7 --clear-groups bash -c 'echo >/dev/tcp/127.0.0.1/4401' 2>/dev/null
	wait_until 10 has_rows users 1 && interrupt "$started" && [ "$(rows users)" = 1 ] && grep -q ' 4401 ' "$work/users.out"
}

trace_list() {
	local name=$1
	shift
	start_traced "$work/$name.out" "$work/$name.err" "$TCPCONNECT" --cache "$kept" "$@"
	pids+=("$started")
	wait_until 60 traces "$name"
}

# Edited probes of before know no map for a list: everything would pass.
a_long_list_wants_its_map() {
	cp -r "$here/../../probes" "$work/no-map" && sed -i 's/TRACE_PORT_MAP/TRACE_PORT_OTHER/' "$work/no-map/filter.h"
	refused "-P: the probes have no map 'trace_ports'" --no-cache --probes "$work/no-map" -P "$(seq -s, 1 9)"
}

# Its list is not in it: nothing would pass.
a_kept_object_of_a_list_is_for_the_cache() {
	kept=$work/of-a-list
	start of-a-list --cache "$kept" -P "$(seq -s, 1 9)" &&
		refused "the object filters by -P and does not have the list itself" --object "$(object)"
}

# In a file there is no map that a tool fills: the list is in the program.
a_list_in_an_object() {
	"$TCPCONNECT" --compile-only --attach $hooks -P "$(seq -s, 4001 4999)" -o "$work/listed.o" || return 1
	precompiled=$work/listed.o
	trace_object listed || return 1
	local pid=$started
	connect_to 127.0.0.1 4555
	connect_to 127.0.0.1 5555
	wait_until 10 has_rows listed 1
	interrupt "$pid"
	[ "$(rows listed)" = 1 ] && refused "-p has 5000 values: an object in a file takes 4096 at most" --compile-only \
		-p "$(seq -s, 1 5000)" -o "$work/listed.o"
}

other_tools_read_it() {
	local objdump
	objdump=$(ls /usr/bin/llvm-objdump* | head -1)
	"$objdump" -d "$precompiled" | grep -E '<(sockops__tcp_connect|kprobe__tcp_v4_connect)>' &&
		readelf -SW "$precompiled" | grep -E ' (sockops|kprobe/tcp_v4_connect) ' &&
		readelf -SW "$precompiled" | grep -q '\.maps' &&
		bpftool btf dump file "$precompiled" | grep "STRUCT 'event' size=80"
}

check "the first start compiles and keeps its object" first_start_keeps
check "the second start uses it" hit second
check "another filter is a miss" miss filter -P 99
check "an edited probe is a miss" an_edit_is_a_miss
rm -rf "$kept" && start again --cache "$kept"
check "a cut object is refused and made again" damaged cut damaged cut_short
check "an empty one" damaged empty damaged emptied
check "one with a flipped byte" damaged flip damaged flip
check "one of another user" damaged foreign 'uid 65534' foreign
check "a writable one" damaged writable writable writable
check "one with a second name" damaged linked 'one name' linked
check "a symbolic link" damaged symlink 'Too many levels' symlinked
check "a fifo" damaged fifo 'no ordinary file' a_fifo
check "one of another text" damaged swapped 'another text, kernel or compiler' swapped
check "a directory that others may write is not used" a_directory_that_others_may_write_is_not_used
check "a directory below another user's is not used" a_directory_of_another_user_is_not_used
check "a read-only disk costs the cache only" on_tmpfs ro
check "a full disk costs the cache only" on_tmpfs size=4k
check "two first starts at once both work" two_first_starts_at_once
check "64 objects are kept, the longest unused goes first" it_is_bounded_and_the_longest_unused_goes
check "--no-cache compiles and keeps nothing" without_cache_it_compiles
check "a hit needs neither compiler nor libbcc" a_hit_needs_no_compiler
check "--compile-only needs no privilege" compile_only_needs_no_privilege
check "--object traces with its filters and other columns" a_precompiled_object_traces
check "--object for another kernel is refused, both named" for_another_kernel
check "the running kernel's BTF is not taken for another kernel's" the_running_kernels_btf_is_not_anothers
check "a changed object is refused" a_changed_object_is_refused
check "another user's object is refused" an_object_of_another_user_is_refused
check "an object goes through a pipe" an_object_goes_through_a_pipe
check "an object is not written to a terminal" an_object_is_not_for_a_terminal
check "another compiler is a miss" another_compiler_is_a_miss
check "another installation's compiler is a miss" another_installation_is_a_miss
if setcap -h >/dev/null 2>&1; then
	check "with capabilities of the file only root's files count" with_capabilities_of_the_file_only_roots_files_count
	check "with capabilities of the file nothing is compiled" with_capabilities_of_the_file_nothing_is_compiled
else
	skip "with capabilities of the file only root's files count" "no setcap"
	skip "with capabilities of the file nothing is compiled" "no setcap"
fi
check "--types says with -v that the cache is not used" a_named_source_of_types_says_that_the_cache_is_not_used
check "a list of 20,000 pids" a_list_of_20000_pids
check "long lists of ports and users" long_lists_of_ports_and_users
check "a long list and probes without its map are refused" a_long_list_wants_its_map
check "a kept object of a long list is refused as --object" a_kept_object_of_a_list_is_for_the_cache
check "a list in an object" a_list_in_an_object
check "a filter with --object is refused" refused "baked into the object" --object "$precompiled" -P 80
check "llvm-objdump, readelf and bpftool read an object" other_tools_read_it
finish
