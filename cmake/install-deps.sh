#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what tcpconnect needs and this machine lacks, with the system's package manager.
#
# usage: cmake/install-deps.sh [--tests]
#   --tests   also what the tests need: cmocka, QEMU, the Python tool to compare with, linters
#
# Tried with apt on Debian 12. The names for dnf, zypper and pacman are from those distributions'
# package lists and have not been tried.
set -euo pipefail

usage="usage: cmake/install-deps.sh [--tests]"
with_tests=no
for argument in "$@"; do
	case $argument in
	--tests) with_tests=yes ;;
	-h | --help)
		echo "$usage"
		exit 0
		;;
	*)
		echo "install-deps.sh: unknown argument '$argument'" >&2
		echo "$usage" >&2
		exit 2
		;;
	esac
done

apt_build=(build-essential cmake ninja-build pkg-config libbpfcc-dev libbpf-dev libelf-dev zlib1g-dev
	uthash-dev libyajl-dev libcap-ng-dev libseccomp-dev)
# what tests/ runs: unit tests, guests, the peers, resolvers and clients, linters
apt_tests=(libcmocka-dev clang libclang-rt-14-dev llvm valgrind clang-format clang-tidy cppcheck
	qemu-system-x86 busybox-static cpio kmod zstd xz-utils debootstrap
	bpfcc-tools python3-dnslib python3-cachetools bpftool iproute2 util-linux procps strace libcap2-bin jq
	python3 perl curl netcat-openbsd openssh-client bind9-dnsutils dnsmasq-base rclone musl-tools liburing-dev man-db
	patch)
dnf_build=(gcc make cmake ninja-build pkgconf-pkg-config bcc-devel libbpf-devel elfutils-libelf-devel
	zlib-devel uthash-devel yajl-devel libcap-ng-devel libseccomp-devel)
zypper_build=(gcc make cmake ninja pkg-config bcc-devel libbpf-devel libelf-devel zlib-devel uthash-devel
	libyajl-devel libcap-ng-devel libseccomp-devel)
pacman_build=(base-devel cmake ninja pkgconf bcc libbpf libelf zlib uthash yajl libcap-ng libseccomp)

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		echo "install-deps.sh: installing packages needs root: run it with sudo" >&2
		exit 1
	fi
}

# The headers of the running kernel, where the distribution has them: kernels with BTF do without.
kernel_headers() {
	local release
	release=$(uname -r)
	[ -e "/lib/modules/$release/build" ] || apt-cache show "linux-headers-$release" >/dev/null 2>&1 || return 0
	[ -e "/lib/modules/$release/build" ] || echo "linux-headers-$release"
}

install_with_apt() {
	local wanted=("${apt_build[@]}") missing=() package headers
	[ "$with_tests" = no ] || wanted+=("${apt_tests[@]}")
	for package in "${wanted[@]}"; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
			missing+=("$package")
	done
	if [ ${#missing[@]} -gt 0 ]; then
		echo "installing: ${missing[*]}"
		as_root apt-get update -qq
		as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
			"${missing[@]}" >/dev/null
	fi
	headers=$(kernel_headers)
	[ -z "$headers" ] ||
		as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
			"$headers" >/dev/null ||
		echo "install-deps.sh: no $headers; without it the kernel must have BTF" >&2
}

tests_are_for_debian() {
	[ "$with_tests" = no ] || {
		echo "install-deps.sh: the tests run on Debian only" >&2
		exit 1
	}
}

if command -v apt-get >/dev/null; then
	install_with_apt
elif command -v dnf >/dev/null; then
	tests_are_for_debian
	as_root dnf install -y "${dnf_build[@]}" "kernel-devel-$(uname -r)"
elif command -v zypper >/dev/null; then
	tests_are_for_debian
	as_root zypper --non-interactive install "${zypper_build[@]}" kernel-default-devel
elif command -v pacman >/dev/null; then
	tests_are_for_debian
	as_root pacman -S --needed --noconfirm "${pacman_build[@]}" linux-headers
else
	echo "install-deps.sh: none of apt, dnf, zypper, pacman is here: install a C compiler, CMake," \
		"pkg-config, libbcc, libbpf (1.0 or later), libelf, zlib, uthash, yajl, libcap-ng and libseccomp yourself" >&2
	exit 1
fi
