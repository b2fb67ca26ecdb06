// SPDX-License-Identifier: Apache-2.0
#include "trust.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

bool trust__only_root(void)
{
	return getauxval(AT_SECURE);
}

static bool trusted_owner(uid_t owner)
{
	struct stat self;

	if (owner == 0)
		return true;
	if (trust__only_root())
		return false;
	return owner == geteuid() || (stat("/proc/self/exe", &self) == 0 && owner == self.st_uid);
}

int trust__status(const struct stat *status, const char *path, char *why, size_t why_size)
{
	if (!trusted_owner(status->st_uid)) {
		snprintf(why, why_size, "%s belongs to uid %u, not to root: sudo chown root: %s",
			 path, status->st_uid, path);
		return -EPERM;
	}
	if (status->st_mode & (S_IWGRP | S_IWOTH)) {
		snprintf(why, why_size,
			 "%s is writable by others than its owner (mode %04o): sudo chmod go-w %s",
			 path, status->st_mode & 07777, path);
		return -EPERM;
	}
	return 0;
}

/* A directory on the way: others may write there when they cannot rename what is not theirs. */
static int check_parent(const char *path, char *why, size_t why_size)
{
	struct stat status;

	if (stat(path, &status) != 0) {
		snprintf(why, why_size, "%s: %s", path, strerror(errno));
		return -errno;
	}
	if (status.st_mode & S_ISVTX)
		status.st_mode &= ~(S_IWGRP | S_IWOTH);
	return trust__status(&status, path, why, why_size);
}

int trust__path(const char *path, char *resolved, char *why, size_t why_size)
{
	char above[PATH_MAX];
	struct stat status;
	int err;

	if (!realpath(path, resolved) || stat(resolved, &status) != 0) {
		err = -errno;
		snprintf(why, why_size, "%s: %s", path, strerror(-err));
		return err;
	}
	err = trust__status(&status, resolved, why, why_size);
	memcpy(above, resolved, sizeof(above));
	while (!err && strcmp(above, "/") != 0) {
		char parent[PATH_MAX];

		memcpy(parent, above, sizeof(parent));
		snprintf(above, sizeof(above), "%s", dirname(parent));
		err = check_parent(above, why, why_size);
	}
	return err;
}
