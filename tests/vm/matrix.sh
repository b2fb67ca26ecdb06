#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every kernel and user land of the table in README.md (beside this file), with BTF and no headers, with headers and
# no BTF, with both: rows, counts, filters and names. Prints TAP lines, and the table at the end. An hour and more.
#
# usage: tests/vm/matrix.sh [KERNEL:USERLAND]…      say 7.2:sid 6.12:bookworm
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh
: "${TCPCONNECT:?names the tool under test}"
rows=("$@")
[ $# -gt 0 ] || rows=(5.10:bookworm 6.1:bookworm 6.12:bookworm 6.12-trixie:trixie 7.2:bookworm 7.2:sid)
table=()

# A few ways to learn a name, each by other code: a datagram, a large one, TCP, IPv6, the C library.
ways="udp_ipv6_resolver edns_4000_bytes tcp_one_read cname aaaa own_name_udp_connected glibc"

# The tool as it is built for a user land, and that user land's root.
use_userland() {
	if [ "$1" = bookworm ]; then
		tool=$TCPCONNECT root=/
	else
		tests/vm/userland --build "$1" && root=$(tests/vm/userland "$1") && tool=$PWD/build-$1/tcpconnect
	fi
}

# cell KERNEL USERLAND NAME OPTION…
cell() {
	local kernel=$1 userland=$2 name=$3 log passed failed skipped status
	shift 3
	log=$(mktemp)
	echo "# kernel $kernel, user land $userland, $name"
	tests/vm/guest --kernel "$kernel" --root "$root" --memory 4096 --timeout 4800 "$@" -- env TCPCONNECT="$tool" START_BOUND=600 \
		WAYS="$ways" sh -c 'bash tests/e2e/suite.sh --quick; bash tests/e2e/dns_suite.sh' 2>&1 |
		sed -u "s/^\(\(not \)\?ok [0-9]*\) - /\1 - $kernel, $userland, $name: /" | tee "$log"
	status=${PIPESTATUS[0]}
	ran_to_the_end "kernel $kernel, $userland, $name" "$log" "$status" 2 | tee -a "$log"
	skipped=$(grep -c '^ok.*# SKIP' "$log")
	passed=$(($(grep -c '^ok' "$log") - skipped))
	failed=$(grep -c '^not ok' "$log")
	table+=("| $kernel | $userland | $name | $passed passed, $failed failed, $skipped skipped |")
	rm -f "$log"
}

for row in "${rows[@]}"; do
	kernel=${row%%:*} userland=${row#*:}
	if ! use_userland "$userland"; then
		check "user land $userland" false
		continue
	fi
	cell "$kernel" "$userland" "BTF, no headers" --no-headers
	cell "$kernel" "$userland" "headers, no BTF" --no-btf
	cell "$kernel" "$userland" "both"
done
echo "# | kernel | user land | types | result |"
printf '# %s\n' "${table[@]}"
finish
