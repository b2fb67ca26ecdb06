/* SPDX-License-Identifier: Apache-2.0 */
/* A directory for one process's files, which is gone when the process is, however it ends. */
#ifndef TCPCONNECT_DIRECTORY_H
#define TCPCONNECT_DIRECTORY_H

#include <stddef.h>

struct directory;

/**
 * @brief Make a directory with mode 0700 under $TMPDIR or /tmp.
 * @param directory on success, for directory__remove()
 * @return 0 or a negative errno
 *
 * A forked keeper waits for the process to end and then removes the directory: a clang that crashes
 * or is killed leaves nothing behind. It sits in a session of its own, out of Ctrl-C's reach.
 */
int directory__make(struct directory **directory);

/**
 * @brief Make a directory below another one, with which it goes at the latest.
 * @param above is to outlive it
 * @return 0 or a negative errno
 */
int directory__make_below(const struct directory *above, struct directory **directory);

/** @brief Its path. */
const char *directory__path(const struct directory *directory);

/**
 * @brief Write a file, and the directories down to it; `name` is relative. 0 or a negative errno.
 */
int directory__write(const struct directory *directory, const char *name, const void *bytes,
		     size_t size);

/** @brief Remove it with all that is in it; NULL is fine. */
void directory__remove(struct directory *directory);

#endif
