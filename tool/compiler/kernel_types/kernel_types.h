/* SPDX-License-Identifier: Apache-2.0 */
/* Headers for libbcc's clang: made from the kernel's BTF, or found in a header package. */
#ifndef TCPCONNECT_KERNEL_TYPES_H
#define TCPCONNECT_KERNEL_TYPES_H

#include <stddef.h>

/** The ways to a kernel's types, the cheapest first, to be tried until the text compiles. */
enum kernel_types_way {
	KERNEL_TYPES_NAMED,    /* from BTF: the types that the text names, and what they need */
	KERNEL_TYPES_ALL,      /* from BTF: every struct and union that the kernel has */
	KERNEL_TYPES_HEADERS,  /* a header package, a build tree, or --headers DIR */
	KERNEL_TYPES_KHEADERS, /* /sys/kernel/kheaders.tar.xz, unpacked */
	KERNEL_TYPES_WAYS
};

/** Which kernel, and where its types may be taken from. The strings stay the caller's. */
struct kernel_types_source {
	const char *release; /* as `uname -r` prints it */
	const char *machine; /* as `uname -m` prints it */
	const char *btf; /* --btf FILE, or NULL: the running kernel's, if `release` is that one */
	const char *headers; /* --headers DIR, or NULL: /lib/modules/RELEASE/{build,source} */
};

struct kernel_types;

/**
 * @brief Make one way's headers ready for a text.
 * @param text the BPF C; its identifiers, #include lines and KERNEL_HAS_… questions decide what is
 * made
 * @param types on success, for kernel_types__close()
 * @param why, why_size on failure, one line for the user that says what stands in the way
 * @return 0; -ENOENT when this host has no such source; -ESTALE when it is another kernel's; or
 * another negative errno
 *
 * A text may ask `#if KERNEL_HAS_TYPE(mnt_namespace)`, `KERNEL_HAS_FIELD(iov_iter, ubuf)` (also of
 * members without a name) and `KERNEL_HAS_CONSTANT(ITER_UBUF)`: each becomes 0 or 1, whichever way
 * is taken. With BTF the kernel's private types count too; with headers those under include/ and
 * arch/MACHINE/include/.
 *
 * The way through BTF and the one through kheaders keep their files in a directory of their own
 * under $TMPDIR or /tmp, mode 0700. It goes with kernel_types__close(), and also when the process
 * dies without it.
 */
int kernel_types__prepare(const struct kernel_types_source *source, enum kernel_types_way way,
			  const char *text, struct kernel_types **types, char *why,
			  size_t why_size);

/** @brief The header tree that libbcc is to be pointed at, as BCC_KERNEL_SOURCE. */
const char *kernel_types__tree(const struct kernel_types *types);

/** @brief The flags that clang needs with that tree: an array of `count` strings. */
const char *const *kernel_types__cflags(const struct kernel_types *types, size_t *count);

/**
 * @brief What the types were taken from, for -v: "kernel BTF /sys/kernel/btf/vmlinux, 143 types".
 */
const char *kernel_types__description(const struct kernel_types *types);

/** @brief Free it all and remove the directory; NULL is fine. */
void kernel_types__close(struct kernel_types *types);

#endif
