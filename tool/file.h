/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files, read and written at once. */
#ifndef TCPCONNECT_FILE_H
#define TCPCONNECT_FILE_H

#include <stddef.h>

/**
 * @brief Read all of an open descriptor from its current position.
 * @param fd any readable descriptor, also a pipe
 * @param limit bytes at most
 * @param bytes, size on success: allocated, for free(); a zero byte stands behind the last one
 * @return 0, -EFBIG above the limit, or a negative errno
 */
int file__read_fd(int fd, size_t limit, char **bytes, size_t *size);

/** @brief The same for a path. */
int file__read(const char *path, size_t limit, char **bytes, size_t *size);

/**
 * @brief Write a file so that others see the old one or the new one and nothing between.
 * @param path written to `path.XXXXXX` beside it and renamed
 * @return 0 or a negative errno, and then nothing is left behind
 */
int file__write_aside(const char *path, const void *bytes, size_t size);

/**
 * @brief The same for a path that a user names: what is there and no file, say a device or a pipe,
 * is written to, and through a link its target is replaced. `-` is standard output.
 * @return 0 or a negative errno
 */
int file__write_output(const char *path, const void *bytes, size_t size);

/** @brief Write all bytes to a descriptor; 0 or a negative errno. */
int file__write_fd(int fd, const void *bytes, size_t size);

#endif
