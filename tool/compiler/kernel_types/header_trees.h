/* SPDX-License-Identifier: Apache-2.0 */
/* A kernel's header package on disk: one tree, or a build tree that leans on a source tree. */
#ifndef TCPCONNECT_HEADER_TREES_H
#define TCPCONNECT_HEADER_TREES_H

#include <stddef.h>

struct header_trees {
	char *source;  /* has include/linux/kconfig.h */
	char *build;   /* has include/generated/autoconf.h; the same as `source` in a single tree */
	char *release; /* which kernel they are for, or NULL: they don't say */
	char **search; /* the directories that #include <…> looks through, in order */
	size_t search_count;
};

/**
 * @brief Find the trees of a kernel.
 * @param directory --headers DIR: a single tree, either half of a pair, or a directory with links
 * `build` and `source`; or NULL: /lib/modules/RELEASE/build, /usr/src/linux-headers-RELEASE,
 * /usr/src/kernels/RELEASE
 * @param release the kernel's release, to find the other half of a pair by
 * @param machine as `uname -m` prints it
 * @param trees on success, for header_trees__free()
 * @return 0; -ENOENT when there are none, or only one half of a pair; -ENOMEM
 */
int header_trees__find(const char *directory, const char *release, const char *machine,
		       struct header_trees *trees);

void header_trees__free(struct header_trees *trees);

#endif
