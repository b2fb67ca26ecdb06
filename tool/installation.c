// SPDX-License-Identifier: Apache-2.0
#include "installation.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/*
 * LIBEXEC_FROM_SBIN and DATA_FROM_SBIN come from CMake: an installed tree can be moved as a whole.
 */
static int join(char *out, const char *directory, const char *path)
{
	return snprintf(out, PATH_MAX, "%s/%s", directory, path) < PATH_MAX ? 0 : -ENAMETOOLONG;
}

int installation__find(struct installation *installation)
{
	char self[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
	const char *directory;
	int err;

	if (length < 0)
		return -errno;
	self[length] = '\0';
	directory = dirname(self);
	err = join(installation->compiler, directory, "tcpconnect-compile");
	if (!err)
		err = join(installation->probes, directory, "probes");
	if (err || access(installation->compiler, X_OK) == 0)
		return err;
	err = join(installation->compiler, directory, LIBEXEC_FROM_SBIN "/tcpconnect-compile");
	return err ? err : join(installation->probes, directory, DATA_FROM_SBIN "/probes");
}
