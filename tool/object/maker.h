/* SPDX-License-Identifier: Apache-2.0 */
/* What made an object: the tool's version, and the files of the compiler, as they were then. */
#ifndef TCPCONNECT_MAKER_H
#define TCPCONNECT_MAKER_H

#include <stdbool.h>
#include <stddef.h>

/** Bytes that a description takes at most, with its terminator. */
#define MAKER_MAX 2048

/**
 * @brief Describe who makes an object: a line with the version, then one for each file with its
 * size, inode and time of change, and its path.
 * @param paths, count the files: tcpconnect-compile, then the libraries that it compiles with
 * @param out where it is written
 */
void maker__describe(const char *const *paths, size_t count, char out[MAKER_MAX]);

/**
 * @brief Would the same make it today?
 * @param description as maker__describe() wrote it; need not be terminated
 * @param compiler path of the tcpconnect-compile that would be started
 * @return false for another version of this tool, another installation's compiler, and where one of
 * the files is another one now. A file that is gone is no other: the object outlives its compiler.
 */
bool maker__is_current(const char *description, size_t length, const char *compiler);

#endif
