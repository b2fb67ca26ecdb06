/* SPDX-License-Identifier: Apache-2.0 */
/* A tree of headers in the making, with the flags that clang needs for it. */
#ifndef TCPCONNECT_TYPES_TREE_H
#define TCPCONNECT_TYPES_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "directory.h"

/** Where the running kernel's own BTF is. */
#define KERNEL_BTF "/sys/kernel/btf/vmlinux"

struct kernel_files;

/** Which kernel, and where its types may be taken from. The strings stay the caller's. */
struct kernel_types_source {
	const char *release; /* as `uname -r` prints it */
	const char *machine; /* as `uname -m` prints it */
	const char *btf; /* --btf FILE, or NULL: the running kernel's, if `release` is that one */
	const char *headers; /* --headers DIR, or NULL: /lib/modules/RELEASE/{build,source} */
	const struct kernel_files *files;  /* found before; or NULL, and they are looked for */
	const struct directory *directory; /* for what is made; or NULL: a new one in TMPDIR */
};

/** Zeroed, there is nothing in it; for types_tree__free(). */
struct types_tree {
	struct directory *directory; /* which libbcc takes for the kernel's tree */
	char **cflags;
	size_t cflag_count;
	char *description; /* what the types were taken from */
	char *why; /* one line for the user: what stands in the way; its buffer is the caller's */
	size_t why_size;
};

/** @brief Make the directory that libbcc takes for the kernel's tree; 0 or a negative errno. */
int types_tree__make_directory(struct types_tree *tree, const struct kernel_types_source *source);

/** @brief Write what stands in the way, and hand the error on. */
int types_tree__because(const struct types_tree *tree, int err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/** @brief Add a flag for clang; 0 or -ENOMEM. */
int types_tree__add_cflag(struct types_tree *tree, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** @brief Set what the types were taken from; 0 or -ENOMEM. */
int types_tree__describe(struct types_tree *tree, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** @brief Free it all and remove the directory. */
void types_tree__free(struct types_tree *tree);

/** @brief Does the kernel of this release run here? */
bool types_tree__runs(const char *release);

#endif
