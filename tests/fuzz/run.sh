#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Fuzz what reads strangers' bytes, under address and undefined sanitizers: run.sh [SECONDS]
#
# Builds each harness with clang's libFuzzer, lets it run for SECONDS (default 20) from the corpus
# in corpus/, and prints TAP. BUILD_DIR (default build-fuzz at the top) holds what is built, and the
# inputs that were found: new ones in new-NAME/, failing ones as crash-*, timeout-*, oom-*.
set -eu

seconds=${1:-20}
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
top=$(dirname -- "$(dirname -- "$here")")
build=${BUILD_DIR:-$top/build-fuzz}
clang=${CLANG:-clang}
failed=0
number=0

case $seconds in
'' | *[!0-9]* | 0)
	echo "usage: $0 [SECONDS]" >&2
	exit 2
	;;
esac

# fuzz NAME SOURCE...: build fuzz_NAME.c with the sources from tool/, and run it
fuzz()
{
	name=$1
	shift
	number=$((number + 1))
	log=$build/$name.log
	mkdir -p "$build/new-$name"
	if build_and_run "$name" "$@" >"$log" 2>&1; then
		echo "ok $number - fuzz $name for $seconds s: $(sed -n 's/^Done \(.*\) runs in .*/\1 inputs/p' "$log")"
	else
		echo "not ok $number - fuzz $name: see $log"
		tail -n 40 "$log" | sed 's/^/# /'
		failed=1
	fi
}

build_and_run()
{
	name=$1
	shift
	sources=
	for source in "$@"; do
		sources="$sources $top/tool/$source"
	done
	# shellcheck disable=SC2086 # the sources are several words
	"$clang" -std=gnu17 -D_GNU_SOURCE -g -O2 -Wall -Wextra -Wshadow -Wstrict-prototypes -Werror \
		-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined \
		-I"$top/tool" "$here/fuzz_$name.c" $sources -lresolv -o "$build/fuzz_$name" || return
	# the harnesses check by themselves that all memory is given back
	"$build/fuzz_$name" -max_total_time="$seconds" -max_len=4096 -timeout=10 -rss_limit_mb=1024 \
		-detect_leaks=0 -print_final_stats=1 -artifact_prefix="$build/" \
		"$build/new-$name" "$here/corpus/$name"
}

echo 1..3
fuzz dns_names names/dns_names.c printable.c
fuzz dns_packet names/dns_packet.c
fuzz dns_stream names/dns_stream.c
exit $failed
