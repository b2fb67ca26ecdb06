#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The figures in tests/bench/README.md: tcpconnect beside tcpconnect-bpfcc (Debian 12) and the CO-RE tcpconnect of
# Debian 13's libbpf-tools, in a guest with Debian 12's kernel and natively. Takes about an hour.
#
# usage: sudo tests/bench/run.sh [guest|native]…
#        sudo tests/bench/run.sh --against COMMIT     the build in build/ beside that commit's, natively: a minute
cd "$(dirname "$0")/../.." || exit 1
. tests/vm/debian.sh
build=$PWD/build
peer=$(cache_directory)/bench-peer

# The CO-RE tool with Debian 13's loader and libraries beside it, since Debian 12's C library is older.
fetch_peer() {
	local aside package
	[ -e "$peer/command" ] && return
	aside=$(mktemp -d)
	(
		cd "$aside" || exit
		debian_apt_open "$aside/apt" trixie
		debian_download libbpf-tools libbpf1 libelf1t64 zlib1g libzstd1 libc6
		for package in *.deb; do dpkg-deb -x "$package" root || exit; done
	) || exit
	rm -rf "$peer" && mkdir -p "$(dirname "$peer")" && mv "$aside/root" "$peer"
	rm -rf "$aside"
	echo "$peer/usr/lib64/ld-linux-x86-64.so.2 --library-path $peer/usr/lib/x86_64-linux-gnu $peer/usr/sbin/tcpconnect-libbpf" \
		>"$peer/command"
}

bench() {
	echo /usr/bin/python3 tests/bench/bench.py --tool "$build/tcpconnect" --programs "$build/e2e" "$@"
}

in_guest() {
	local cpus
	fetch_peer
	for cpus in 1 2; do
		tests/vm/guest --kernel 6.1 --cpus $cpus --memory 3072 --timeout 6000 -- sh -c "$(bench --connects 3000 \
			--storm-connects 100000 --peer python=/usr/sbin/tcpconnect-bpfcc \
			--peer "'libbpf=$(<"$peer/command")'" --peer latency=/usr/sbin/tcpconnlat-bpfcc)"
	done
}

natively() {
	unshare -n sh -c "ip link set lo up; $(bench --connects 20000 --storm-connects 100000 \
		--datagrams 200000 --flood 300000)"
}

# build_of COMMIT: the directory of its build, which is made once, in its place: the tool knows where its probes are.
build_of() {
	local commit directory
	commit=$(git rev-parse --short --verify "$1^{commit}") || die "no commit $1"
	directory=$(cache_directory)/bench-$commit
	if [ ! -e "$directory/built" ]; then
		rm -rf "$directory"
		mkdir -p "$directory"
		(
			umask 022 # the tool takes no probes that others can change
			git archive "$commit" | tar -x --no-same-permissions -C "$directory" && cmake -G Ninja -S "$directory" -B "$directory/build" \
				-DCMAKE_BUILD_TYPE="$(build_type)" && cmake --build "$directory/build"
		) >"$directory/log" 2>&1 || die "cannot build $commit: see $directory/log"
		touch "$directory/built"
	fi
	echo "$directory/build"
}

build_type() {
	sed -n 's/^CMAKE_BUILD_TYPE:[A-Z]*=//p' "$build/CMakeCache.txt"
}

against() {
	local before
	before=$(build_of "$1") || exit
	unshare -n sh -c "ip link set lo up; $(bench --connects 20000 --against "$before/tcpconnect")"
}

if [ "${1:-}" = --against ]; then
	against "${2:?is a commit}"
	exit
fi
[ $# -gt 0 ] || set -- guest native
for place; do
	case $place in
	guest) in_guest ;;
	native) natively ;;
	*) die "unknown place '$place': guest or native" ;;
	esac
done
