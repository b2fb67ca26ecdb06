/* SPDX-License-Identifier: Apache-2.0 */
/* What a process may still open, by Landlock (Linux 5.13; Documentation/userspace-api/landlock.rst). */
#ifndef TCPCONNECT_LANDLOCK_H
#define TCPCONNECT_LANDLOCK_H

#include <stddef.h>

/**
 * @brief Give up all files but a few, for good.
 * @param readable, count files and directories that may be read; what is not there is left out
 * @param writable a directory below which files and directories may be made and removed too
 * @return 0; -EOPNOTSUPP or -ENOSYS where the kernel has no Landlock; another negative errno
 *
 * PR_SET_NO_NEW_PRIVS must be set. What is open already stays so.
 */
int landlock__restrict(const char *const *readable, size_t count, const char *writable);

#endif
