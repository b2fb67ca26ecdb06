#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Prints a directory with local resolvers that the tests start themselves, and fetches them first if they are not
# there: systemd-resolved and nscd, unpacked and not installed, since installed they would take over the machine's own
# looking up of names.
#
# usage: fetch_resolvers.sh
. "$(dirname "$0")/../vm/debian.sh"
resolvers=$(cache_directory)/resolvers

fetch() {
	local aside
	aside=$(mktemp -d)
	(
		cd "$aside" || exit
		apt-get -qq download systemd-resolved libsystemd-shared nscd >&2 || die "could not download resolvers"
		for package in *.deb; do dpkg-deb -x "$package" root || exit; done
	) || exit
	mkdir -p "$(dirname "$resolvers")" && chmod -R go-w "$aside/root" && mv "$aside/root" "$resolvers"
	rm -rf "$aside"
}

[ -x "$resolvers/usr/sbin/nscd" ] || fetch
echo "$resolvers"
