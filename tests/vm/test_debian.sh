#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The end-to-end tests in guests with Debian's own kernels, which have kprobes: 6.1 with all, 5.10 with the
# oldest verifier, both beside the Python tool.
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh

# guest KERNEL OPTION… -- SCRIPT ARGUMENT…: the script's TAP lines, or one that says the guest failed.
guest() {
	local kernel=$1 log
	shift
	log=$(mktemp)
	echo "# guest with kernel $kernel: $*"
	tests/vm/guest --kernel "$kernel" --memory 6144 --timeout 2400 "$@" 2>&1 | tee "$log"
	ran_to_the_end "guest with kernel $kernel" "$log" "${PIPESTATUS[0]}" 1
	rm -f "$log"
}

resolvers=$(tests/e2e/fetch_resolvers.sh) || echo "# systemd-resolved and nscd could not be fetched"

guest 6.1 -- env TCPCONNECT="$TCPCONNECT" bash tests/e2e/suite.sh --hooks kprobe
guest 6.1 -- env TCPCONNECT="$TCPCONNECT" bash tests/e2e/outcome_suite.sh --hooks kprobe --beside-python
guest 6.1 -- env TCPCONNECT="$TCPCONNECT" RESOLVERS="$resolvers" bash tests/e2e/dns_suite.sh --beside-python
guest 6.1 --no-headers -- env TCPCONNECT="$TCPCONNECT" bash tests/e2e/rewrite_suite.sh
guest 6.1 --no-headers -- env TCPCONNECT="$TCPCONNECT" bash tests/e2e/libc_suite.sh
guest 6.1 -- env TCPCONNECT="$TCPCONNECT" bash tests/e2e/restricted.sh
guest 5.10 -- env TCPCONNECT="$TCPCONNECT" bash tests/e2e/namespaces_suite.sh --hooks kprobe
guest 6.1 --append lockdown=confidentiality -- env TCPCONNECT="$TCPCONNECT" bash tests/e2e/restricted.sh
guest 6.1 -- env TCPCONNECT="$TCPCONNECT" bash tests/e2e/side_by_side.sh all
guest 5.10 -- env TCPCONNECT="$TCPCONNECT" bash tests/e2e/side_by_side.sh few
guest 5.10 --no-headers -- env TCPCONNECT="$TCPCONNECT" bash tests/e2e/changes_suite.sh
guest 6.1 --no-headers -- unshare --net --mount tests/e2e/soak.py --tool "$TCPCONNECT" --programs build/e2e --cpus 180
guest 5.10 --no-headers -- env TCPCONNECT="$TCPCONNECT" bash tests/e2e/outcome_suite.sh --hooks kprobe
if [ "$TCPCONNECT_MATRIX" = yes ]; then
	tests/vm/matrix.sh
else
	# a newer kernel than libbcc 0.26 can compile the headers of
	guest 6.12 --no-headers -- env TCPCONNECT="$TCPCONNECT" bash tests/e2e/suite.sh --quick
fi
