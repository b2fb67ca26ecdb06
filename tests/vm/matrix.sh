#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every kernel and user land of the table in README.md, with BTF and no headers, with headers and no BTF, with
# both: rows, counts, filters and names. Prints TAP lines, and the table at the end. An hour and more.
#
# usage: tests/vm/matrix.sh [KERNEL]…
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh
: "${TCPCONNECT:?names the tool under test}"
kernels=("$@")
[ $# -gt 0 ] || kernels=(5.10 6.1 6.12 7.2)
table=()

# A few ways to learn a name, each by other code: a datagram, a large one, TCP, IPv6, the C library.
ways="udp_ipv6_resolver edns_4000_bytes tcp_one_read cname aaaa own_name_udp_connected glibc"

# cell KERNEL NAME OPTION…
cell() {
	local kernel=$1 name=$2 log passed failed status
	shift 2
	log=$(mktemp)
	echo "# kernel $kernel, $name"
	tests/vm/guest --kernel "$kernel" --memory 4096 --timeout 1500 "$@" -- env TCPCONNECT="$TCPCONNECT" \
		WAYS="$ways" sh -c 'bash tests/e2e/suite.sh --quick; bash tests/e2e/dns_suite.sh' 2>&1 | tee "$log"
	status=${PIPESTATUS[0]}
	[ $status = 0 ] || [ $status = 1 ] || echo "not ok - kernel $kernel, $name: the guest ended with status $status" | tee -a "$log"
	passed=$(grep -c '^ok' "$log")
	failed=$(grep -c '^not ok' "$log")
	table+=("| $kernel | $name | $passed passed, $failed failed |")
	rm -f "$log"
}

for kernel in "${kernels[@]}"; do
	cell "$kernel" "BTF, no headers" --no-headers
	cell "$kernel" "headers, no BTF" --no-btf
	cell "$kernel" "both"
done
echo "# | kernel | types | result |"
printf '# %s\n' "${table[@]}"
