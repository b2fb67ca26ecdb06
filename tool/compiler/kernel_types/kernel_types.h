/* SPDX-License-Identifier: Apache-2.0 */
/* Headers for libbcc's clang: made from the kernel's BTF, or found in a header package. */
#ifndef TCPCONNECT_KERNEL_TYPES_H
#define TCPCONNECT_KERNEL_TYPES_H

#include <stdbool.h>
#include <stddef.h>

#include "c_text.h"
#include "types_tree.h"

/** One way to a kernel's types. */
struct kernel_types_way {
	const char *choice; /* the word of --types that takes it, beside "auto" */
	bool is_first;	    /* of its choice: why it cannot be gone is for the user */
	/*
	 * Fill a tree for a text: 0; -ENOENT when this host has no such source; -ESTALE when it is
	 * another kernel's; or another negative errno, with the tree's `why` written.
	 */
	int (*fill)(const struct kernel_types_source *source, struct c_text *probe,
		    struct types_tree *tree);
};

/** The ways, the cheapest first, to be tried until the text compiles. Ends with one without a choice. */
extern const struct kernel_types_way kernel_types_ways[];

struct kernel_types;

/**
 * @brief Make one way's headers ready for a text.
 * @param text the BPF C; its identifiers and #include lines decide what is made
 * @param types on success, for kernel_types__close()
 * @param why, why_size on failure, one line for the user that says what stands in the way
 * @return as the way's fill()
 *
 * With types from BTF, TYPES_FROM_BTF is defined: then the kernel's private types are there too.
 *
 * What is made lies in a directory of its own below the source's, or else under $TMPDIR or /tmp, mode
 * 0700. It goes with kernel_types__close(), and also when the process dies without it.
 */
int kernel_types__prepare(const struct kernel_types_source *source,
			  const struct kernel_types_way *way, const char *text,
			  struct kernel_types **types, char *why, size_t why_size);

/** @brief The header tree that libbcc is to be pointed at, as BCC_KERNEL_SOURCE. */
const char *kernel_types__tree(const struct kernel_types *types);

/** @brief The flags that clang needs with that tree: an array of `count` strings. */
const char *const *kernel_types__cflags(const struct kernel_types *types, size_t *count);

/** @brief What the types were taken from: "kernel BTF /sys/kernel/btf/vmlinux, 143 types". */
const char *kernel_types__description(const struct kernel_types *types);

/** @brief Free it all and remove the directory; NULL is fine. */
void kernel_types__close(struct kernel_types *types);

#endif
