// SPDX-License-Identifier: Apache-2.0
#include "cgroup_root.h"

#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of the first directory of a kernfs, fs/kernfs/dir.c */
#define ROOT_INODE 1

/* FILEID_KERNFS, include/linux/exportfs.h; its handle is the id (Linux 5.5) */
#define KERNFS_HANDLE 0xfe

/*
 * Where the administrator has mounted it: what is left without CAP_SYS_ADMIN, which fsopen(2)
 * takes, or before Linux 5.2, which brought it.
 */
static int open_mounted(int err_if_nowhere)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	struct mntent *entry;
	int root = err_if_nowhere;

	while (mounts && root < 0 && (entry = getmntent(mounts)) != NULL) {
		if (strcmp(entry->mnt_type, "cgroup2") != 0)
			continue;
		root = open(entry->mnt_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (root < 0)
			root = -errno;
	}
	if (mounts)
		endmntent(mounts);
	return root;
}

/*
 * fsmount(2) gives the hierarchy's root without a place in the file system, so it does not matter
 * whether, where, or how much of cgroup v2 the administrator has mounted.
 */
static int open_root(void)
{
	int context = fsopen("cgroup2", FSOPEN_CLOEXEC);
	int mount, root;

	if (context < 0 && errno == ENODEV)
		return -EOPNOTSUPP;
	if (context < 0)
		return open_mounted(errno == ENOSYS ? -EOPNOTSUPP : -errno);
	if (fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) != 0) {
		root = -errno;
		goto out;
	}
	mount = fsmount(context, FSMOUNT_CLOEXEC, 0);
	if (mount < 0) {
		root = -errno;
		goto out;
	}
	root = openat(mount, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		root = -errno;
	close(mount);
out:
	close(context);
	return root;
}

int cgroup_root__open(bool *whole)
{
	int root = open_root();
	struct stat status;

	*whole = root >= 0 && fstat(root, &status) == 0 && status.st_ino == ROOT_INODE;
	return root;
}

int cgroup_root__open_cgroup(int root, uint64_t id)
{
	union {
		struct file_handle handle;
		char bytes[sizeof(struct file_handle) + sizeof(id)];
	} file = {.handle = {.handle_bytes = sizeof(id), .handle_type = KERNFS_HANDLE}};
	int fd;

	memcpy(file.bytes + sizeof(file.handle), &id, sizeof(id));
	fd = open_by_handle_at(root, &file.handle, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}
