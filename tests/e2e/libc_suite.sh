#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Names from C libraries (-d --dns-source libc) while processes and containers come and go, and libraries are
# replaced. In namespaces of its own: nothing of it is seen outside, and no name is asked for on a wire.
#
# usage: TCPCONNECT=… libc_suite.sh [OPTION of tcpconnect…]     say --attach kprobe
if [ "${LIBC_SUITE_NAMESPACES:-}" != entered ]; then
	LIBC_SUITE_NAMESPACES=entered exec unshare --net --mount bash "$0" "$@"
fi
. "$(dirname "$0")/lib.sh"

options=("$@")
container_count=${CONTAINERS:-20}
many=70

# The names: NAMExN.test is 127.77.x.N.
host_name() {
	echo "name$1.test"
}

host_address() {
	echo "127.77.$(($1 / 200)).$(($1 % 200 + 1))"
}

prepare() {
	local i
	ip link set lo up && printf 'hosts: files\n' >"$work/nsswitch.conf" && echo '127.0.0.1 localhost' >"$work/hosts" || return
	for i in $(seq 0 399); do
		echo "$(host_address "$i") $(host_name "$i")"
	done >>"$work/hosts"
	for i in $(seq 1 100); do
		echo "127.78.0.$i hundred.test"
	done >>"$work/hosts"
	mount --bind "$work/nsswitch.conf" "$(realpath /etc/nsswitch.conf)" &&
		mount --bind "$work/hosts" "$(realpath /etc/hosts)" &&
		mount -t tmpfs -o mode=755 none "$work/libraries" && bring_libraries
}

# Copies of the C libraries that are here, each in a directory of its own with its linker.
bring_libraries() {
	local linker
	linker=$(readlink -f "/proc/self/root$(interpreter)") && glibc=$(dirname "$linker")/libc.so.6 &&
		glibc_linker=$(basename "$(interpreter)") &&
		make_glibc "$work/libraries/other" && make_glibc "$work/libraries/round"
}

interpreter() {
	readelf -l "$programs/look_up_by" | sed -n 's/.*program interpreter: \(.*\)\]/\1/p'
}

make_glibc() {
	mkdir -p "$1" && cp "$(readlink -f "$(interpreter)")" "$1/$glibc_linker" && cp "$(readlink -f "$glibc")" "$1/libc.so.6"
}

# make_container DIRECTORY: a root with glibc, a program that looks names up, and names of its own.
make_container() {
	local libraries
	libraries=$(dirname "$(readlink -f "$(interpreter)")")
	mkdir -p "$1$libraries" "$1$(dirname "$(interpreter)")" "$1/etc" && make_glibc "$1$libraries" || return
	[ -e "$1$(interpreter)" ] || ln -s "$libraries/$glibc_linker" "$1$(interpreter)" || return
	cp "$programs/look_up_by" "$1/look_up_by" && cp "$work/hosts" "$work/nsswitch.conf" "$1/etc/"
}

names() {
	trace "$1" "${options[@]}" -d --dns-source libc "${@:2}"
}

# has_name TRACE NUMBER: a row with that address and its name.
has_name() {
	grep -qE " $(host_address "$2") +1 +$(host_name "$2")\$" "$work/$1.out"
}

# all_named TRACE NUMBER…
all_named() {
	local trace=$1 number
	shift
	for number; do
		wait_until 5 has_name "$trace" "$number" || {
			grep -F " $(host_address "$number") " "$work/$trace.out"
			tail -n 5 "$work/$trace.err"
			return 1
		}
	done
}

# Those that check() started in a subshell, known by what they write to.
end_askers() {
	local pid
	while read -r pid; do
		case $(readlink "/proc/$pid/fd/1") in
		"$work"/*) kill -KILL "$pid" ;;
		esac
	done 2>/dev/null <"$work/askers"
}
trap 'end_askers; umount -R -l "$work/libraries"; cleanup' EXIT
trap 'exit 143' TERM

# Starts a program that looks up what it is told. start_asker NAME COMMAND…; its pid in $asker.
start_asker() {
	local name=$1
	shift
	[ -e "$work/$name.fifo" ] || mkfifo "$work/$name.fifo"
	"$@" <>"$work/$name.fifo" >"$work/$name.done" 2>&1 &
	asker=$!
	disown "$asker"
	echo "$asker" >>"$work/askers"
	wait_until 20 grep -q ready "$work/$name.done" || {
		cat "$work/$name.done"
		return 1
	}
}

# ask NAME NUMBER: tells it a name, and waits until it is done.
ask() {
	host_name "$2" >"$work/$1.fifo" && wait_until 10 grep -q "^$(host_name "$2")\$" "$work/$1.done"
}

# end PID: Ctrl-C, and until the kernel has taken the hooks away, for which the next tool would wait too.
end() {
	interrupt "$1" && wait_until 240 nothing_left
}

nothing_left() {
	local pid
	for pid in $(pgrep -x tcpconnect); do
		! grep -qzxF "$cache" "/proc/$pid/cmdline" 2>/dev/null || return 1
	done
}

is_hooked() {
	grep -q "hooked $2" "$work/$1.err"
}

functions_are_hooked() {
	local function number=$1 program=$2
	for function in getaddrinfo gethostbyname gethostbyname2 gethostbyname_r gethostbyname2_r; do
		"$program" "$function" 1 "$(host_name "$number")" && all_named functions "$number" || return 1
		number=$((number + 1))
	done
}

perl_is_named() {
	perl -e 'use Socket; my $found = gethostbyname($ARGV[0]) or die; socket(my $s, AF_INET, SOCK_STREAM, 0);
		connect($s, pack_sockaddr_in(1, $found));' "$(host_name 20)" && all_named functions 20
}

# 100 addresses: the first 64 have the name, and it is said that others have not.
hundred_addresses() {
	"$programs/look_up_by" gethostbyname 1 hundred.test && "$programs/look_up_by" getaddrinfo 1 hundred.test &&
		wait_until 10 has_rows_of hundred 200 || return 1
	[ "$(grep -c ' hundred.test$' "$work/functions.out")" -ge 64 ] || return 1
	wait_until 10 grep -q 'lost .* names of further addresses' "$work/functions.err"
}

has_rows_of() {
	[ "$(grep -c '127\.78\.0\.' "$work/functions.out")" -ge "$2" ]
}

other_library() {
	start_asker other "$work/libraries/other/$glibc_linker" --library-path "$work/libraries/other" "$programs/look_up_by" getaddrinfo 1 &&
		wait_until 30 is_hooked later "$work/libraries/other/libc.so.6" && ask other 30 && all_named later 30
}

# One after the other, each with a library of its own, that looks a name up as soon as it has started: those that are
# named are told, and no more, since a hook takes the kernel a grace period, 17 ms and more.
containers_at_once() {
	local i named=0
	for i in $(seq $container_count); do
		make_container "$work/libraries/c$i" &&
			unshare --mount chroot "$work/libraries/c$i" /look_up_by getaddrinfo 1 "$(host_name $((40 + i)))" || return 1
	done
	sleep 1
	for i in $(seq $container_count); do
		! has_name later $((40 + i)) || named=$((named + 1))
	done
	echo "# $named of $container_count containers' look-ups are named that were made at once" >"$work/at_once"
	grep -c ' 127\.77\.0\.[4-6].* 1 ' "$work/later.out"
}

container_is_named() {
	make_container "$work/libraries/container" || return 1
	start_asker container unshare --mount chroot "$work/libraries/container" /look_up_by gethostbyname 1 &&
		wait_until 30 is_hooked later "$work/libraries/container/" && ask container 61 && all_named later 61
}

# Replaced by renaming, as package managers do: who runs keeps the old one, who starts has the new one.
replaced_library() {
	start_replaced old &&
		cp "$work/libraries/other/libc.so.6" "$work/libraries/other/new" &&
		mv "$work/libraries/other/new" "$work/libraries/other/libc.so.6" || return 1
	names replaced -v || return 1
	local pid=$started before
	before=$(grep -c "hooked $work/libraries/other/libc.so.6" "$work/replaced.err") # another asker may run with one
	ask old 70 && all_named replaced 70 || return 1
	start_replaced new && wait_until 30 hooked_times $((before + 1)) && ask new 71 && all_named replaced 71 || return 1
	# and once more, while it traces, with a program that was seen
	cp "$work/libraries/other/libc.so.6" "$work/libraries/other/new" &&
		mv "$work/libraries/other/new" "$work/libraries/other/libc.so.6" && sleep 10.5 &&
		start_replaced newer && wait_until 30 hooked_times $((before + 2)) && ask newer 72 && all_named replaced 72 && end "$pid"
}

start_replaced() {
	start_asker "$1" "$work/libraries/other/$glibc_linker" --library-path "$work/libraries/other" "$programs/look_up_by" getaddrinfo 1
}

hooked_times() {
	[ "$(grep -c "hooked $work/libraries/other/libc.so.6" "$work/replaced.err")" -ge "$1" ]
}

# More than the 64 files that were the most once; half of them run before the tool does.
many_libraries() {
	local i first=$((many / 2)) pid
	for i in $(seq "$many"); do
		make_glibc "$work/libraries/many$i" || return 1
	done
	for i in $(seq $first); do
		start_asker "many$i" "$work/libraries/many$i/$glibc_linker" --library-path "$work/libraries/many$i" \
			"$programs/look_up_by" getaddrinfo 1 || return 1
	done
	names many -v || return 1
	pid=$started
	for i in $(seq $((first + 1)) "$many"); do
		start_asker "many$i" "$work/libraries/many$i/$glibc_linker" --library-path "$work/libraries/many$i" \
			"$programs/look_up_by" getaddrinfo 1 || return 1
	done
	wait_until 120 is_hooked many "$work/libraries/many$many/" || return 1
	for i in $(seq "$many"); do
		ask "many$i" $((100 + i)) && all_named many $((100 + i)) || return 1
	done
	! grep -E '(not hooked: .*libraries\/many|lost)' "$work/many.err" && end "$pid"
}

# mount_overlay NAME: over the same lower files, with an upper file system of its own
mount_overlay() {
	local at=$work/libraries/$1
	mkdir -p "$at/volume" "$at/root" && mount -t tmpfs -o mode=755 none "$at/volume" && mkdir "$at/volume/upper" "$at/volume/work" &&
		mount -t overlay -o "lowerdir=$work/libraries/lower,upperdir=$at/volume/upper,workdir=$at/volume/work" none "$at/root"
}

# The same lower file, seen through two overlays, is hooked once. When who was hooked first ends, the other one is still
# named, and the first one's file systems are free.
same_file_by_overlays() {
	local pid first
	make_container "$work/libraries/lower" && mount_overlay o1 && mount_overlay o2 && names overlays -v || return 1
	pid=$started
	start_asker o1 unshare --mount chroot "$work/libraries/o1/root" /look_up_by getaddrinfo 1 && first=$asker && wait_until 30 is_hooked overlays "$work/libraries/o1/" &&
		start_asker o2 unshare --mount chroot "$work/libraries/o2/root" /look_up_by getaddrinfo 1 || return 1
	ask o1 200 && sleep 0.5 && ask o2 201 && all_named overlays 200 201 || return 1
	[ "$(grep -c 'hooked '"$work"'/libraries/o[12]/root/' "$work/overlays.err")" = 1 ] && ! grep 'lost .*look-ups' "$work/overlays.err" || {
		cat "$work/overlays.err"
		return 1
	}
	kill -KILL "$first" && umount "$work/libraries/o1/root" && wait_until 60 umount "$work/libraries/o1/volume" 2>/dev/null &&
		ask o2 202 && all_named overlays 202 && end "$pid"
}

# A file system with a library of its own: it can be unmounted when its processes have ended.
file_system_is_let_go() {
	mkdir -p "$work/libraries/volume" && mount -t tmpfs -o mode=755 none "$work/libraries/volume" &&
		make_container "$work/libraries/volume/root" &&
		start_asker volume chroot "$work/libraries/volume/root" /look_up_by getaddrinfo 1 &&
		wait_until 30 is_hooked later "$work/libraries/volume/" && ask volume 210 && all_named later 210 || return 1
	kill -KILL "$asker"
	wait_until 60 umount "$work/libraries/volume" 2>/dev/null
}

# Whatever has a library's name: nothing is opened that waits, nothing crashes, and what is no 64-bit library is said.
hostile_files() {
	local pid
	mkdir -p "$work/libraries/hostile"/{fifo,empty,cut,garbage,narrow,other}
	mkfifo "$work/libraries/hostile/fifo/libc.so.6"
	cp "$(readlink -f "$(interpreter)")" "$work/libraries/hostile/fifo/$glibc_linker"
	truncate -s 4096 "$work/libraries/hostile/empty/libc.so.6"
	head -c 70000 "$glibc" >"$work/libraries/hostile/cut/libc.so.6"
	head -c 65536 /dev/urandom >"$work/libraries/hostile/garbage/libc.so.6"
	cp "$(readlink -f "$(dirname "$glibc")/libm.so.6")" "$work/libraries/hostile/other/libc.so"
	cp "$glibc" "$work/libraries/hostile/narrow/libc.so.6"
	printf '\001' | dd of="$work/libraries/hostile/narrow/libc.so.6" bs=1 seek=4 conv=notrunc status=none # ELFCLASS32
	start_asker hostile /usr/bin/python3 -c '
import mmap, os, sys
kept = []
for path in sys.argv[1:]:
    fd = os.open(path, os.O_RDONLY)
    kept.append(mmap.mmap(fd, 4096, prot=mmap.PROT_READ | mmap.PROT_EXEC))
print("ready", flush=True)
sys.stdin.readline()' "$work"/libraries/hostile/{empty,cut,garbage,narrow,other}/libc.so* || return 1
	names hostile -v || return 1
	pid=$started
	timeout 5 "$work/libraries/hostile/fifo/$glibc_linker" /no/such/program
	"$programs/look_up_by" getaddrinfo 1 "$(host_name 220)" && all_named hostile 220 || return 1
	wait_until 120 grep -q 'not hooked .* C libraries: 32-bit' "$work/hostile.err" || {
		cat "$work/hostile.err"
		return 1
	}
	end "$pid" && grep 'not hooked in all' "$work/hostile.err"
}

# A program that was seen with one library, and now runs with another: the next round over all processes finds it.
found_in_a_round() {
	wait_until 150 is_hooked later "$work/libraries/round/libc.so.6" && ask round 230 && all_named later 230
}

# Without -d, or with the wire alone, nothing follows processes.
nothing_unasked() {
	! "$TCPCONNECT" --ebpf | grep -q sched_process && ! "$TCPCONNECT" --ebpf -d --dns-source wire | grep -q sched_process &&
		"$TCPCONNECT" --ebpf -d | grep -q sched_process
}

mkdir "$work/libraries"
echo "# C libraries on $(uname -r): $*"
prepare >"$work/prepared" 2>&1
prepared=$?
check "libraries and names" test $prepared = 0
check "nothing is compiled that nobody asked for" nothing_unasked
names functions -v >"$work/said" 2>&1
functions=$started
check "getaddrinfo() and the family of gethostbyname(), glibc" functions_are_hooked 0 "$programs/look_up_by"
if [ -x "$programs/look_up_by_musl" ]; then
	start_asker musl "$programs/look_up_by_musl" getaddrinfo 1 >/dev/null # who runs: its library is hooked from then on
	wait_until 30 is_hooked functions '.*musl' >/dev/null
	check "the same, musl" functions_are_hooked 10 "$programs/look_up_by_musl"
else
	skip "the same, musl" "no musl here"
fi
check "perl's gethostbyname()" perl_is_named
check "a name with 100 addresses" hundred_addresses
end "$functions" >/dev/null
names later -v >"$work/said" 2>&1
later=$started
check "another library in the same mount namespace, started later" other_library
start_asker round env LD_LIBRARY_PATH="$work/libraries/round" "$programs/look_up_by" getaddrinfo 1
check "a container that is started later" container_is_named
check "containers that look names up as soon as they start" containers_at_once
cat "$work/at_once" 2>/dev/null
check "a file system is let go when its processes have ended" file_system_is_let_go
check "a program that was seen with another library" found_in_a_round
end "$later" >/dev/null
check "one file by two overlays" same_file_by_overlays
check "a library that is replaced" replaced_library
check "$many libraries in one mount namespace" many_libraries
check "files that only have a library's name" hostile_files
finish
