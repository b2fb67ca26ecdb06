/* SPDX-License-Identifier: Apache-2.0 */
/* The C libraries that processes of this host run with: the host's own, and those of containers. */
#ifndef TCPCONNECT_LIBC_FILES_H
#define TCPCONNECT_LIBC_FILES_H

#include <stddef.h>

/** Libraries looked for at most. */
#define LIBC_FILES_MAX 64

/** Open descriptors (O_PATH) of ordinary files. */
struct libc_files {
	int fds[LIBC_FILES_MAX];
	size_t count;
};

/**
 * @brief Find glibc and musl as they are mapped by this process, and by one process of every other
 * mount namespace, and musl where it is installed; each file once.
 * @param files filled; libc_files__close() closes them
 *
 * What others have in their mount namespaces is looked up within these (openat2(2), Linux 5.6), and
 * nothing of it is opened but ordinary files.
 */
void libc_files__find(struct libc_files *files);

void libc_files__close(struct libc_files *files);

#endif
