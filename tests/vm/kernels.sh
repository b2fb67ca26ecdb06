# shellcheck shell=bash
# Debian's kernels for the guests: which there are, and how one gets into the cache. Sourced by guest.
#
# A cached kernel is a directory with
#	release       what uname -r says
#	vmlinuz       as packaged
#	vmlinux       the same unpacked, which QEMU starts directly (4 to 5 s sooner under emulation)
#	initramfs     busybox and the modules that reach the guest's root; each run adds its own scripts
#	root/         the packages' files: boot, usr/lib/modules, usr/lib/linux-kbuild-*, usr/src

kernel_names=(5.10 6.1 6.12 6.12-trixie 7.2)

# What the initramfs loads before there is a root to load modules from.
boot_modules=(virtio_pci 9p 9pnet_virtio overlay virtio_console)

# kernel_suites NAME: the Debian suites whose linux-image-amd64 it is, the newest version wins.
kernel_suites() {
	case $1 in
	5.10) echo bullseye bullseye-security ;;
	6.1) echo bookworm bookworm-security ;;
	6.12) echo bookworm-backports ;;
	6.12-trixie) echo trixie trixie-security ;;
	7.2) echo sid ;;
	*) die "no kernel is named '$1', these are: ${kernel_names[*]}" ;;
	esac
}

kernel_directory() {
	echo "$(cache_directory)/kernels/$1"
}

list_kernels() {
	local name directory state

	for name in "${kernel_names[@]}"; do
		directory=$(kernel_directory "$name")
		state="not fetched yet"
		[ -f "$directory/release" ] && state=$(<"$directory/release")
		printf '%-12s %-29s %s\n' "$name" "$(kernel_suites "$name")" "$state"
	done
}

# fetch_kernel NAME: makes sure that it is in the cache. Two at once are safe, and so is one that is cut short.
fetch_kernel() {
	local name=$1 directory aside lock suites

	suites=$(kernel_suites "$name") || exit
	directory=$(kernel_directory "$name")
	[ -f "$directory/release" ] && return
	check_fetch_tools
	mkdir -p "${directory%/*}"
	exec {lock}>"${directory%/*}/.$name.lock"
	flock -w 3600 "$lock" || die "another fetch of kernel $name takes more than an hour"
	if [ ! -f "$directory/release" ]; then
		echo "guest: fetching kernel $name from $suites" >&2
		rm -rf "${directory%/*}/.$name".??????
		aside=$(mktemp -d "${directory%/*}/.$name.XXXXXX")
		# In a subshell that ends at the first failure: bash ignores set -e in anything that || follows.
		# shellcheck disable=SC2086 # the suites are words
		(set -e; build_kernel "$name" "$aside" $suites)
		[ -f "$aside/release" ] || die "could not make kernel $name in $aside"
		chmod 755 "$aside"
		rm -rf "$directory"
		mv "$aside" "$directory"
	fi
	exec {lock}>&-
}

check_fetch_tools() {
	need dpkg-deb dpkg
	need depmod kmod
	need cpio cpio
	need xz xz-utils
	need zstd zstd
	check_busybox
}

# A busybox that needs libraries would not start in an initramfs that has none.
check_busybox() {
	need busybox busybox-static
	busybox_is_static || die "busybox here needs shared libraries: apt-get install busybox-static"
}

busybox_is_static() {
	! LC_ALL=C ldd "$(command -v busybox)" >/dev/null 2>&1
}

# build_kernel NAME DIRECTORY SUITE...
build_kernel() {
	local name=$1 directory=$2 release
	shift 2

	download_packages "$directory/packages" "$@"
	unpack_packages "$directory/packages" "$directory/root"
	release=$(basename "$directory"/root/usr/lib/modules/*)
	warn_of_other_version "$name" "$release"
	fill_boot "$directory/root" "$release"
	cp "$directory/root/boot/vmlinuz-$release" "$directory/vmlinuz"
	unpack_vmlinux "$directory/vmlinuz" "$directory/vmlinux"
	depmod -b "$directory/root" "$release"
	make_initramfs "$directory/root" "$release" "$directory/initramfs"
	rm -rf "$directory/packages"
	echo "$release" >"$directory/release"
}

# sid and backports move on; the name in the table then lags behind, which is worth a line and no more.
warn_of_other_version() {
	case $2 in
	"${1%%-*}".*) ;;
	*) echo "guest: the suite of kernel $1 now has $2, which takes its place" >&2 ;;
	esac
}

# download_packages DIRECTORY SUITE...: the image, its headers, and what they need of the kernel's own packages.
download_packages() {
	local directory=$1 packages=(linux-image-amd64 linux-headers-amd64) count=0
	shift

	mkdir -p "$directory"
	debian_apt_open "$directory/apt" "$@"
	# Dependencies of the kernel's packages on each other are at most three deep; those on anything else
	# (compilers, initramfs-tools) are of no use here.
	while [ "$count" -ne "${#packages[@]}" ]; do
		count=${#packages[@]}
		mapfile -t packages < <({
			printf '%s\n' "${packages[@]}"
			debian_depends "${packages[@]}"
		} | grep -E '^linux-((image|headers)-amd64|(base|binary|headers|image|kbuild|modules)-[0-9].*)$' |
			grep -v -e -unsigned | sort -u)
	done
	(cd "$directory" && debian_download "${packages[@]}")
}

# unpack_packages FROM ROOT: older packages use /lib, newer ones /usr/lib; ROOT ends up with the latter and a link.
unpack_packages() {
	local from=$1 root=$2 package

	mkdir -p "$root"
	for package in "$from"/*.deb; do
		dpkg-deb -x "$package" "$root"
	done
	if [ -d "$root/lib" ]; then
		mkdir -p "$root/usr/lib"
		cp -a "$root/lib/." "$root/usr/lib/"
		rm -rf "${root:?}/lib"
	fi
	ln -s usr/lib "$root/lib"
}

# fill_boot ROOT RELEASE: sid's packages keep these files beside the modules, and copy them to /boot when installed.
fill_boot() {
	local root=$1 release=$2 file

	mkdir -p "$root/boot"
	for file in vmlinuz config System.map; do
		[ -e "$root/boot/$file-$release" ] ||
			cp "$root/usr/lib/modules/$release/$file" "$root/boot/$file-$release"
	done
}

# unpack_vmlinux VMLINUZ VMLINUX: the kernel proper out of a bzImage, by its header (Documentation/arch/x86/boot.rst:
# setup_sects at 0x1f1, payload_offset at 0x248, payload_length at 0x24c). The payload's last 4 bytes are its
# unpacked length, which is not the compressor's.
unpack_vmlinux() {
	local from=$1 to=$2 sectors offset length

	sectors=$(number_at "$from" 0x1f1 1)
	offset=$(((sectors + 1) * 512 + $(number_at "$from" 0x248 4)))
	length=$(($(number_at "$from" 0x24c 4) - 4))
	case $(payload "$from" "$offset" 4 | od -An -tx1 | tr -d ' ') in
	fd377a58) payload "$from" "$offset" "$length" | xz -dc >"$to" ;;
	28b52ffd) payload "$from" "$offset" "$length" | zstd -dcq >"$to" ;;
	1f8b*) payload "$from" "$offset" "$length" | gzip -dc >"$to" ;;
	*) die "$from is compressed in a way that this script does not know" ;;
	esac
}

number_at() {
	od -An -t "u$3" -j "$(($2))" -N "$3" "$1" | tr -d ' '
}

payload() {
	tail -c "+$(($2 + 1))" "$1" | head -c "$3"
}

# make_initramfs ROOT RELEASE FILE: modules are numbered in the order in which they must be loaded, and unpacked, as
# busybox's insmod knows no compression.
make_initramfs() {
	local root=$1 release=$2 file=$3 tree module number=10

	tree=$(dirname "$file")/initramfs.tree
	mkdir -p "$tree"/{bin,modules,proc,sys,dev,host,kernel,upper,new}
	cp "$(command -v busybox)" "$tree/bin/busybox"
	while read -r module; do
		copy_module "$module" "$tree/modules/$number-$(basename "$module")"
		number=$((number + 1))
	done < <(modules_in_order "$root" "$release")
	(cd "$tree" && find . | cpio -o -H newc --quiet) >"$file"
	rm -rf "$tree"
}

modules_in_order() {
	local module

	for module in "${boot_modules[@]}"; do
		modprobe -d "$1" -S "$2" --show-depends "$module"
	done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }'
}

copy_module() {
	case $1 in
	*.xz) xz -dc "$1" >"${2%.xz}" ;;
	*.zst) zstd -dcq "$1" >"${2%.zst}" ;;
	*) cp "$1" "$2" ;;
	esac
}
