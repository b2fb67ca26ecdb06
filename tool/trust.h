/* SPDX-License-Identifier: Apache-2.0 */
/* Whose files may tell a privileged tool what to run in the kernel. */
#ifndef TCPCONNECT_TRUST_H
#define TCPCONNECT_TRUST_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

/**
 * @brief Check that nobody but trusted users can change what a path names.
 * @param path a file or directory
 * @param resolved on success, the path without links, PATH_MAX bytes: what was checked, and is to
 * be opened. The one that was given may lead elsewhere a moment later
 * @param why, why_size on failure: which part of the path, and what is wrong with it
 * @return 0; -EPERM when others could change it; another negative errno when it cannot be looked at
 *
 * Trusted are root, the user who runs the tool, and the owner of the tool's own executable: who can
 * change that needs no detour. Where the executable has capabilities of its own or is set-user-ID
 * (AT_SECURE), only root is. The path and every directory above it must be owned by one of them
 * and be writable by its owner only; a directory with the sticky bit, as /tmp, may be above.
 */
int trust__path(const char *path, char *resolved, char *why, size_t why_size);

/**
 * @brief Has this process more power than whoever started it, from its executable?
 *
 * The processes that it starts have not: their memory and files are in that user's hand.
 */
bool trust__only_root(void);

/** @brief The same as trust__path() for a file that is open already, by its status. */
int trust__status(const struct stat *status, const char *path, char *why, size_t why_size);

#endif
