/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this room share: a set of headers in the making. */
#ifndef TCPCONNECT_KERNEL_TYPES_PRIVATE_H
#define TCPCONNECT_KERNEL_TYPES_PRIVATE_H

#include "kernel_types.h"
#include "directory.h"
#include "c_text.h"

/** Where one line for the user goes. */
struct reason {
	char *text;
	size_t size;
};

struct kernel_types {
	struct directory *directory; /* which libbcc takes for the kernel's tree */
	char **cflags;
	size_t cflag_count;
	char *description;
};

/** @brief Write the line and hand the error on. */
int kernel_types__because(const struct reason *why, int err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/** @brief Add a flag for clang; 0 or -ENOMEM. */
int kernel_types__add_cflag(struct kernel_types *types, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** @brief Set what kernel_types__description() tells; 0 or -ENOMEM. */
int kernel_types__describe(struct kernel_types *types, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** @brief Does this kernel run here? */
bool kernel_types__runs(const char *release);

/** @brief Fill the directory from BTF, and answer the probe's questions. */
int kernel_types__from_btf(const struct kernel_types_source *source, bool all, struct c_text *probe,
			   struct kernel_types *types, const struct reason *why);

/**
 * @brief Fill the directory with what leads to a header package, and answer the probe's questions.
 */
int kernel_types__from_headers(const struct kernel_types_source *source, struct c_text *probe,
			       struct kernel_types *types, const struct reason *why);

/** @brief The same, from /sys/kernel/kheaders.tar.xz. */
int kernel_types__from_kheaders(const struct kernel_types_source *source, struct c_text *probe,
				struct kernel_types *types, const struct reason *why);

#endif
