# shellcheck shell=bash
# Debian's packages of any suite, without touching what this machine's own apt knows: a sources list and a state
# directory of our own. Sourced by kernels.sh and userland. No host name stands here: the archive is the one that
# this machine's apt uses.

debian_keyring=/usr/share/keyrings/debian-archive-keyring.gpg

die() {
	echo "${0##*/}: $*" >&2
	exit 125
}

# need PROGRAM PACKAGE: one clear line when a program is missing.
need() {
	PATH=$PATH:/usr/sbin:/sbin command -v "$1" >/dev/null || die "$1 is missing: apt-get install $2"
}

cache_directory() {
	echo "${TCPCONNECT_TEST_CACHE:-$HOME/.cache/tcpconnect-tests}"
}

# debian_site LABEL: where this machine gets Debian (label "Debian") or its security suites ("Debian-Security") from.
debian_site() {
	local site

	site=$(known_sites | sed -n "s/^Debian|$1|//p" | head -n 1)
	if [ -z "$site" ]; then
		# A fresh machine has no lists yet, and then apt names no site.
		apt-get -q update >&2 || true
		site=$(known_sites | sed -n "s/^Debian|$1|//p" | head -n 1)
	fi
	[ -n "$site" ] || die "apt on this machine knows no archive labelled $1: add Debian's to its sources"
	echo "$site"
}

known_sites() {
	apt-get indextargets --format "\$(ORIGIN)|\$(LABEL)|\$(SITE)"
}

# debian_apt_open DIRECTORY SUITE...: a private apt in DIRECTORY that knows just these suites.
debian_apt_open() {
	local directory=$1 suite site
	shift

	need apt-get apt
	[ -r "$debian_keyring" ] || die "$debian_keyring is missing: apt-get install debian-archive-keyring"
	mkdir -p "$directory"/state/lists/partial "$directory"/cache/archives/partial
	: >"$directory/status"
	for suite; do
		case $suite in
		*-security) site=$(debian_site Debian-Security) ;;
		*) site=$(debian_site Debian) ;;
		esac || exit
		echo "deb [arch=amd64 signed-by=$debian_keyring] $site $suite main"
	done >"$directory/sources.list"
	apt_options=(
		-o "Dir::Etc::sourcelist=$directory/sources.list"
		-o "Dir::Etc::sourceparts=/dev/null"
		-o "Dir::State=$directory/state"
		-o "Dir::State::status=$directory/status"
		-o "Dir::Cache=$directory/cache"
		-o "APT::Architecture=amd64"
		-o "APT::Sandbox::User=root"
		-o "Acquire::Retries=3"
	)
	apt-get -qq "${apt_options[@]}" update || die "apt-get update failed for: $*"
}

# debian_depends PACKAGE...: the names that they depend on directly, each on a line, without versions.
debian_depends() {
	apt-cache "${apt_options[@]}" show --no-all-versions "$@" |
		sed -n 's/^Depends: //p' | tr ',|' '\n' | sed 's/^ *//; s/ .*//' | sort -u
}

# debian_download PACKAGE...: their .deb files, into the current directory.
debian_download() {
	apt-get -qq "${apt_options[@]}" download "$@" || die "could not download: $*"
}
