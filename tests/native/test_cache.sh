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

for_another_kernel() {
	local btf=/sys/kernel/btf/vmlinux
	[ -e $btf ] || return 1
	"$TCPCONNECT" --compile-only --kernel 5.10.0-1-other --btf $btf -o "$work/foreign.o" &&
		refused "compiled for kernel 5.10.0-1-other .*this is $(uname -r)" --object "$work/foreign.o"
}

a_changed_object_is_refused() {
	cp "$precompiled" "$work/flipped.o" && flip "$work/flipped.o"
	refused "damaged" --object "$work/flipped.o"
}

an_object_of_another_user_is_refused() {
	cp "$precompiled" "$work/theirs.o" && chown 65534 "$work/theirs.o"
	refused "uid 65534" --object "$work/theirs.o"
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
check "one of another text" damaged swapped 'another text or kernel' swapped
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
check "a changed object is refused" a_changed_object_is_refused
check "another user's object is refused" an_object_of_another_user_is_refused
check "a filter with --object is refused" refused "baked into the object" --object "$precompiled" -P 80
check "llvm-objdump, readelf and bpftool read an object" other_tools_read_it
finish
