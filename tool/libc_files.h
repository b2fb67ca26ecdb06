/* SPDX-License-Identifier: Apache-2.0 */
/* The C libraries that processes of this host run with: the host's own, and those of containers. */
#ifndef TCPCONNECT_LIBC_FILES_H
#define TCPCONNECT_LIBC_FILES_H

#include <stddef.h>

/** Libraries looked for at most. */
#define LIBC_FILES_MAX 64

/** Paths as this process can open them, those of containers under /proc/PID/root. */
struct libc_files {
	char *paths[LIBC_FILES_MAX];
	size_t count;
};

/**
 * @brief Find glibc and musl as they are mapped by this process, and by one process of every other
 * mount namespace; each file once.
 * @param files filled; libc_files__free() frees what is in it
 */
void libc_files__find(struct libc_files *files);

void libc_files__free(struct libc_files *files);

#endif
