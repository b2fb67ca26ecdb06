// SPDX-License-Identifier: Apache-2.0
#include "view.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

/* Headers made from BTF take 5 MB, unpacked kheaders some 50. */
#define SIZE_MAX_OPTION "128m"

/* The empty root, not yet anywhere; or a negative errno. */
static int make_root(void)
{
	int context = fsopen("tmpfs", FSOPEN_CLOEXEC);
	int root = -1, err = 0;

	if (context < 0)
		return -errno;
	if (fsconfig(context, FSCONFIG_SET_STRING, "size", SIZE_MAX_OPTION, 0) != 0 ||
	    fsconfig(context, FSCONFIG_SET_STRING, "mode", "0755", 0) != 0 ||
	    fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) != 0)
		err = -errno;
	if (!err) {
		root = fsmount(context, FSMOUNT_CLOEXEC,
			       MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
		err = root < 0 ? -errno : 0;
	}
	close(context);
	return err ? err : root;
}

/* The place for a path below the root: directories down to it, and what is like the original. */
static int make_place(int root, const char *path, int original)
{
	char place[PATH_MAX];
	struct stat status;
	int fd;

	if (fstat(original, &status) != 0 ||
	    snprintf(place, sizeof(place), "%s", path + 1) >= (int)sizeof(place))
		return -errno;
	for (char *slash = strchr(place, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdirat(root, place, 0755) != 0 && errno != EEXIST)
			return -errno;
		*slash = '/';
	}
	if (S_ISDIR(status.st_mode))
		return mkdirat(root, place, 0755) == 0 || errno == EEXIST ? 0 : -errno;
	fd = openat(root, place, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

/* A path that is there already lies below another of the paths. */
static int attach(int root, const char *path, int original)
{
	int err;

	if (faccessat(root, path + 1, F_OK, 0) == 0)
		return 0;
	err = make_place(root, path, original);
	if (!err && move_mount(original, "", root, path + 1, MOVE_MOUNT_F_EMPTY_PATH) != 0)
		err = -errno;
	return err;
}

/* Where it cannot be had, it is up to the modes of files, of which nobody owns none. */
static void forbid_writing(const char *path)
{
	struct stat status;

	if (stat(path, &status) == 0 && !S_ISCHR(status.st_mode))
		mount(NULL, path, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV,
		      NULL);
}

static int fill(int root, const char *const *paths, const int *originals, size_t count, uid_t owner,
		gid_t group)
{
	int err = 0;

	if (mkdirat(root, "tmp", 0700) != 0 || fchownat(root, "tmp", owner, group, 0) != 0)
		return -errno;
	for (size_t i = 0; i < count && !err; i++)
		err = originals[i] < 0 ? 0 : attach(root, paths[i], originals[i]);
	return err;
}

/* Copies of the mounts, before the new root hides them; -1 for what is not there. */
static int open_originals(const char *const *paths, size_t count, int *originals)
{
	for (size_t i = 0; i < count; i++) {
		if (strstr(paths[i], "/..")) /* out of the new root, for example by --kernel */
			continue;
		originals[i] = open_tree(AT_FDCWD, paths[i],
					 OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
		if (originals[i] < 0 && errno != ENOENT && errno != ENOTDIR && errno != EACCES)
			return -errno;
	}
	return 0;
}

/* Over the old root, which nothing leads back to, and into it. */
static int enter(int root, const char *const *paths, const int *originals, size_t count,
		 uid_t owner, gid_t group)
{
	int err;

	if (move_mount(root, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) != 0)
		return -errno;
	err = fill(root, paths, originals, count, owner, group);
	if (err)
		return err;
	if (fchdir(root) != 0 || chroot(".") != 0)
		return -errno;
	for (size_t i = 0; i < count; i++)
		if (originals[i] >= 0)
			forbid_writing(paths[i]);
	return 0;
}

int view__enter(const char *const *paths, size_t count, uid_t owner, gid_t group)
{
	int *originals = malloc((count + 1) * sizeof(*originals));
	int root = -1, err = 0;

	if (!originals)
		return -ENOMEM;
	memset(originals, -1, (count + 1) * sizeof(*originals));
	/* private: what is mounted here must not show on the host */
	if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		err = -errno;
	if (!err)
		err = open_originals(paths, count, originals);
	if (!err) {
		root = make_root();
		err = root < 0 ? root : enter(root, paths, originals, count, owner, group);
	}
	for (size_t i = 0; i < count; i++)
		if (originals[i] >= 0)
			close(originals[i]);
	if (root >= 0)
		close(root);
	free(originals);
	return err;
}
