// SPDX-License-Identifier: Apache-2.0
#include "landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Of later versions of the interface than that of Debian 12's headers (include/uapi/linux/landlock.h). */
#define ACCESS_REFER	 (1ULL << 13) /* version 2, Linux 5.19 */
#define ACCESS_TRUNCATE	 (1ULL << 14) /* version 3, Linux 6.2 */
#define ACCESS_IOCTL_DEV (1ULL << 15) /* version 5, Linux 6.10 */

#define ACCESS_FIRST ((1ULL << 13) - 1) /* version 1 */

#define READ_FILE LANDLOCK_ACCESS_FS_READ_FILE
#define READ_DIR  LANDLOCK_ACCESS_FS_READ_DIR
#define WRITE                                                            \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | \
	 LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR |  \
	 LANDLOCK_ACCESS_FS_MAKE_REG | ACCESS_TRUNCATE)

/* The C library has no functions for these calls. */
static long create_ruleset(const struct landlock_ruleset_attr *attributes, size_t size,
			   uint32_t flags)
{
	return syscall(SYS_landlock_create_ruleset, attributes, size, flags);
}

/* All that the kernel's version can forbid, so that all but the rules is forbidden; 0: nothing. */
static uint64_t known_accesses(void)
{
	long version = create_ruleset(NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	uint64_t known = ACCESS_FIRST;

	if (version < 1)
		return 0;
	if (version >= 2)
		known |= ACCESS_REFER;
	if (version >= 3)
		known |= ACCESS_TRUNCATE;
	if (version >= 5)
		known |= ACCESS_IOCTL_DEV;
	return known;
}

static int allow(int ruleset, const char *path, uint64_t access)
{
	struct landlock_path_beneath_attr rule = {.allowed_access = access};
	struct stat status;
	int err = 0;

	rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0)
		return errno == ENOENT || errno == EACCES || errno == ENOTDIR ? 0 : -errno;
	if (fstat(rule.parent_fd, &status) == 0 && !S_ISDIR(status.st_mode))
		rule.allowed_access &= READ_FILE;
	if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0)
		err = -errno;
	close(rule.parent_fd);
	return err;
}

int landlock__restrict(const char *const *readable, size_t count, const char *writable)
{
	struct landlock_ruleset_attr attributes = {.handled_access_fs = known_accesses()};
	int ruleset, err;

	if (!attributes.handled_access_fs)
		return -errno;
	ruleset = (int)create_ruleset(&attributes, sizeof(attributes), 0);
	if (ruleset < 0)
		return -errno;
	err = allow(ruleset, writable,
		    (READ_FILE | READ_DIR | WRITE) & attributes.handled_access_fs);
	for (size_t i = 0; i < count && !err; i++)
		err = allow(ruleset, readable[i], READ_FILE | READ_DIR);
	if (!err && syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
		err = -errno;
	close(ruleset);
	return err;
}
