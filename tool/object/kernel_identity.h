/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which kernel an object is for. Two kernels are the same when release, version, machine and build
 * id are.
 */
#ifndef TCPCONNECT_KERNEL_IDENTITY_H
#define TCPCONNECT_KERNEL_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>

/**
 * uname(2)'s fields, and the build id that the linker gave the kernel, which another configuration
 * changes. An empty version or build id is one that nobody knows, and fits every one.
 */
struct kernel_identity {
	char release[65];
	char version[65];
	char machine[65];
	char build_id[65]; /* in hexadecimal */
};

/** Bytes that kernel_identity__write() needs at most. */
#define KERNEL_IDENTITY_MAX 264

/**
 * @brief The running kernel, or, with a release other than NULL, that kernel on this machine's
 * architecture.
 */
void kernel_identity__get(struct kernel_identity *identity, const char *release);

/** @brief Write as four lines, the form in which an object carries it. */
void kernel_identity__write(const struct kernel_identity *identity, char *out, size_t size);

/** @brief Read those lines; -EINVAL if they are not four. */
int kernel_identity__read(struct kernel_identity *identity, const char *in, size_t length);

/** @brief Are they one kernel? */
bool kernel_identity__same(const struct kernel_identity *a, const struct kernel_identity *b);

#endif
