/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a compiler that others' text has taken over could do: use a processor for a while, fill some
 * memory, read the kernel's public headers, and write a wrong object.
 */
#ifndef TCPCONNECT_SANDBOX_H
#define TCPCONNECT_SANDBOX_H

#include <stddef.h>

#include "compiler/kernel_types/directory.h"

/** What is left to a process. The strings stay the caller's. */
struct sandbox {
	const char *const *readable; /* paths without links, beside what every compilation reads */
	size_t readable_count;
	/* Called for each part of the confinement that cannot be had here, with the reason; or NULL. */
	void (*tell)(const char *what, int err);
};

/**
 * @brief Give up what root and capabilities allow.
 * @return 0, or a negative errno when capabilities could not be given up
 *
 * As root: a view of the readable paths only, with a private /tmp (see view.h); namespaces of its
 * own for network and IPC; user and group nobody (65534). As any user: no capability, no_new_privs,
 * and no tracing of this process by others of the same user. Where something cannot be had, as in
 * containers, the rest is done.
 */
int sandbox__drop(const struct sandbox *sandbox);

/**
 * @brief Give up all that compiling does not take, for good. Comes after sandbox__drop().
 * @param directory which can still be written to
 * @return 0, or a negative errno when system calls could not be restricted
 *
 * Landlock for files, limits on memory, processor time, files and their sizes, and a filter of
 * system calls (see system_calls.h). Limits that are lower already stay.
 */
int sandbox__confine(const struct sandbox *sandbox, const struct directory *directory);

#endif
