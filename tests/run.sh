#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what the tests need, builds with warnings as errors, runs all tests, and ends with the
# line "N passed, N failed, N skipped". Needs root: the tests load BPF programs and boot guests.
#
# usage: sudo tests/run.sh [--matrix] [--only SUITE[,SUITE…]]
#   --matrix   also every kernel and user land of the table in tests/vm/README.md (an hour and more)
#   --only     of: unit sanitized fuzz cli native vm
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

suites=(unit sanitized fuzz cli native vm)
usage="usage: sudo tests/run.sh [--matrix] [--only SUITE[,SUITE...]]   suites: ${suites[*]}"
build=build
export TCPCONNECT_MATRIX=no
while [ $# -gt 0 ]; do
	case $1 in
	--matrix) TCPCONNECT_MATRIX=yes ;;
	--only)
		IFS=, read -ra suites <<<"${2:-}"
		shift
		;;
	-h | --help)
		echo "$usage"
		exit 0
		;;
	*)
		echo "$usage" >&2
		exit 2
		;;
	esac
	shift
done
[ "$(id -u)" = 0 ] || {
	echo "tests/run.sh: the tests load BPF programs and need root: sudo tests/run.sh" >&2
	exit 1
}

log=$(mktemp -d)
trap 'rm -rf "$log"' EXIT
export TCPCONNECT=$PWD/$build/tcpconnect TCPCONNECT_COMPILE=$PWD/$build/tcpconnect-compile
# results of one run must not lean on what an earlier one kept
export CMOCKA_MESSAGE_OUTPUT=TAP

# The tool takes no probes that a group may change, as umask 002 leaves them in a checkout, and none that belong to
# somebody else than root or its own owner.
umask 022
chmod go-w . probes probes/*

configure_and_build() {
	local directory=$1
	shift
	local generator=(-G Ninja) # a build tree that is there keeps its own
	[ ! -e "$directory/CMakeCache.txt" ] || generator=()
	cmake "${generator[@]}" -B "$directory" -DWERROR=ON -DBUILD_TESTING=ON "$@" >"$log/cmake" &&
		cmake --build "$directory" >>"$log/cmake" &&
		chown -R --reference=. "$directory" || {
		tail -n 60 "$log/cmake"
		return 1
	}
}

# One test program or script: its TAP lines go to the screen and are kept; one that ends badly without
# having said so counts as a failure.
run_tests() {
	local name=$1 file=$log/tap.$((++runs)) status
	shift
	echo "# $name"
	"$@" </dev/null 2>&1 | tee "$file"
	status=${PIPESTATUS[0]}
	if [ "$status" != 0 ] && ! grep -q '^not ok' "$file"; then
		echo "not ok - $name ended with status $status" | tee -a "$file"
	elif ! grep -qE '^(not )?ok' "$file"; then
		echo "not ok - $name ran no test" | tee -a "$file"
	fi
}
runs=0

run_unit() {
	local test
	for test in "$1"/unit/test_*; do
		[ -x "$test" ] && [ -f "$test" ] && run_tests "$test" "$test"
	done
}

suite_unit() {
	run_unit "$build"
}

# Whatever parses bytes runs under the address and undefined behaviour sanitizers too.
suite_sanitized() {
	configure_and_build build-sanitized -DCMAKE_C_FLAGS="-fsanitize=address,undefined -fno-sanitize-recover=all" || {
		run_tests "build with sanitizers" false
		return
	}
	# LLVM inside libbcc keeps what it allocated until the process ends
	ASAN_OPTIONS=detect_leaks=0 run_unit build-sanitized
}

suite_fuzz() {
	run_tests "fuzz" tests/fuzz/run.sh 20
}

suite_scripts() {
	local script
	for script in tests/"$1"/test_*.sh; do
		[ -e "$script" ] && run_tests "$script" bash "$script"
	done
}

suite_cli() { suite_scripts cli; }
suite_native() { suite_scripts native; }
suite_vm() { suite_scripts vm; }

count() {
	cat "$log"/tap.* 2>/dev/null | grep -cE "$1"
}

for suite in "${suites[@]}"; do
	declare -F "suite_$suite" >/dev/null || {
		echo "$usage" >&2
		exit 2
	}
done
begin=$SECONDS
cmake/install-deps.sh --tests || exit 1
if configure_and_build "$build"; then
	for suite in "${suites[@]}"; do
		"suite_$suite"
	done
else
	run_tests "build" false
fi

skipped=$(count '^(not )?ok.*# SKIP')
passed=$(($(count '^ok') - $(count '^ok.*# SKIP')))
failed=$(($(count '^not ok') - $(count '^not ok.*# SKIP')))
if [ "$failed" != 0 ]; then
	echo "failed:"
	cat "$log"/tap.* | grep '^not ok' | grep -v '# SKIP'
fi
echo "after $(((SECONDS - begin) / 60)) min $(((SECONDS - begin) % 60)) s:"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
