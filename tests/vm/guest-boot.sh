#!/bin/busybox sh
# shellcheck shell=dash disable=SC1091,SC2154,SC3043 # busybox has local; /job/settings sets what is not set here
# The guest's first process, in the initramfs: builds the root that the test sees and hands over to guest-run.sh.
# /job/settings comes from the host (see guest). Everything that the test writes, except to the share, lands in a
# tmpfs and is gone with the guest.

set -e
/bin/busybox --install -s /bin
export PATH=/bin

# A failure here ends the guest; the host then shows the console.
trap 'echo "guest-boot.sh: failed"; poweroff -f' EXIT

mount_9p() { # TAG DIRECTORY OPTIONS
	mkdir -p "$2"
	mount -t 9p -o "trans=virtio,version=9p2000.L,msize=512000,$3" "$1" "$2"
}

overlay() { # LOWER DIRECTORY: what is at LOWER, writable, at DIRECTORY
	local upper

	upper=/upper/$(echo "$2" | tr / _)
	mkdir -p "$upper.changes" "$upper.work" "$2"
	mount -t overlay -o "lowerdir=$1,upperdir=$upper.changes,workdir=$upper.work" overlay "$2"
}

load_modules() {
	local module

	for module in /modules/*; do
		insmod "$module"
	done
}

mount_root() {
	mount -t tmpfs -o mode=755 upper /upper
	mount_9p host /host ro,cache=loose
	overlay /host /new
}

# As if the kernel's packages had been installed in the root. Nothing of another kernel is in sight.
mount_kernel() {
	mount_9p kernel /kernel ro,cache=loose
	overlay /kernel/usr/lib/modules /new/usr/lib/modules
	mkdir -p /new/boot /new/usr/src
	mount --bind /kernel/boot /new/boot
	if [ "$headers" = yes ]; then
		overlay /kernel/usr/src /new/usr/src
		for kbuild in /kernel/usr/lib/linux-kbuild-*; do
			mkdir -p "/new${kbuild#/kernel}"
			mount --bind "$kbuild" "/new${kbuild#/kernel}"
		done
	else
		mount -t tmpfs -o mode=755 none /new/usr/src
		rm -f /new/usr/lib/modules/*/build /new/usr/lib/modules/*/source
	fi
}

mount_system() {
	mkdir -p /new/proc /new/sys /new/dev /new/run /new/tmp
	mount -t tmpfs -o mode=755 run /new/run
	mount -t tmpfs -o mode=1777 tmp /new/tmp
	mount --move /proc /new/proc
	mount --move /sys /new/sys
	mount --move /dev /new/dev
	ln -sf /proc/self/fd /new/dev/fd
	ln -sf fd/0 /new/dev/stdin
	ln -sf fd/1 /new/dev/stdout
	ln -sf fd/2 /new/dev/stderr
	mkdir -p /new/dev/pts /new/dev/shm
	mount -t devpts -o mode=620,ptmxmode=666 devpts /new/dev/pts
	mount -t tmpfs -o mode=1777 shm /new/dev/shm
	mount -t debugfs debugfs /new/sys/kernel/debug
	mount -t tracefs tracefs /new/sys/kernel/tracing
	mount -t bpf -o mode=700 bpf /new/sys/fs/bpf
	mount -t cgroup2 cgroup2 /new/sys/fs/cgroup
	mount -t securityfs securityfs /new/sys/kernel/security
	if [ "$btf" = no ]; then
		mount -t tmpfs -o mode=755 none /new/sys/kernel/btf
	fi
}

# The checkout, at the path that it has on the host: also if that is under /tmp, or the root is another userland's.
mount_repository() {
	mount_9p repository /repository ro,cache=loose
	overlay /repository "/new$repository"
}

hand_over() {
	mkdir -p /new/run/guest
	cp /bin/busybox /job/* /new/run/guest/
	trap - EXIT
	exec switch_root /new /run/guest/busybox sh /run/guest/guest-run.sh
}

mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
. /job/settings
load_modules
mount_root
mount_kernel
mount_system
mount_repository
mount_9p share "/new$share" rw,cache=none
hand_over
