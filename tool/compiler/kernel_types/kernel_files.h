/* SPDX-License-Identifier: Apache-2.0 */
/* Where a kernel's types are on this host: found with the caller's power, read without it. */
#ifndef TCPCONNECT_KERNEL_FILES_H
#define TCPCONNECT_KERNEL_FILES_H

#include <limits.h>
#include <stdbool.h>

#include "directory.h"
#include "header_trees.h"
#include "types_tree.h"

struct kernel_files {
	int btf;     /* the file of --btf, open; or a negative errno, -ENOENT when none is named */
	int headers; /* 0, and `trees` are what there is; -ENOENT; -EPERM: not to be trusted */
	struct header_trees trees;
	char distrust[PATH_MAX + 128]; /* who else could change the headers; or empty */
	int archive;		       /* kheaders.tar.xz, open; or a negative errno */
	char kheaders[PATH_MAX];       /* where that was unpacked; or empty */
};

/**
 * @brief Find headers, and open the file of --btf.
 * @param as_root does what is found decide what root's kernel runs? Then headers that others can
 * change are refused, unless --headers names them
 * @param files for kernel_files__close(), always
 */
void kernel_files__find(const struct kernel_types_source *source, bool as_root,
			struct kernel_files *files);

/**
 * @brief Take a copy of the running kernel's kheaders.tar.xz, for which a module may be loaded.
 *
 * Not when it is another kernel's headers that are wanted, or when there are others.
 */
void kernel_files__take_archive(const struct kernel_types_source *source,
				struct kernel_files *files);

/**
 * @brief Unpack that copy, if there is one, with tar(1) and xz(1).
 * @param directory where, in a directory of its own
 */
void kernel_files__unpack(struct kernel_files *files, const struct directory *directory);

/** More than there are of them. */
#define KERNEL_PATHS_MAX 16

/** What is read of a kernel, beside its running one's BTF. */
struct kernel_paths {
	char config[PATH_MAX], modules[PATH_MAX];
	const char *list[KERNEL_PATHS_MAX]; /* into this struct, and into the kernel_files */
	size_t count;
};

/**
 * @brief List the paths that are read from here on, and those of what unpacks an archive.
 * @param files what has been found; is to outlive the list
 */
void kernel_files__list_paths(const struct kernel_types_source *source,
			      const struct kernel_files *files, struct kernel_paths *paths);

void kernel_files__close(struct kernel_files *files);

#endif
