#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing, builds, and traces until Ctrl-C.
#
# usage: sudo examples/quickstart.sh [OPTION OF TCPCONNECT...]
#
#   sudo examples/quickstart.sh -P 80,443 -d
set -euo pipefail
cd "$(dirname "$0")/.."

[ "$(id -u)" = 0 ] || {
	echo "quickstart.sh: installing and tracing need root: sudo $0 $*" >&2
	exit 1
}

# The tool refuses probes that a group may change, as umask 002 leaves them in a checkout.
umask 022
chmod go-w . probes probes/*

cmake/install-deps.sh
echo "building in $PWD/build" >&2
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# a build directory that is there already keeps its generator
generator=(-G Ninja)
[ ! -e build/CMakeCache.txt ] || generator=()
{ cmake "${generator[@]}" -B build && cmake --build build; } >"$log" 2>&1 || {
	tail -n 40 "$log" >&2
	echo "quickstart.sh: it does not build: see the lines above" >&2
	exit 1
}
# and those that belong to somebody else than root or the owner of the tool
chown -R --reference=. build
rm -f "$log"
exec build/tcpconnect "$@"
