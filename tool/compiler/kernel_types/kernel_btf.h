/* SPDX-License-Identifier: Apache-2.0 */
/* A kernel's BTF: what it knows, and its types in C. */
#ifndef TCPCONNECT_KERNEL_BTF_H
#define TCPCONNECT_KERNEL_BTF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <bpf/btf.h>

#include "c_text.h"

/** @brief Was the kernel built with IPv6 (CONFIG_IPV6)? Then a socket has addresses for it. */
bool kernel_btf__has_ipv6(const struct btf *btf);

/**
 * @brief Do system calls get their arguments in a struct pt_regs (CONFIG_ARCH_HAS_SYSCALL_WRAPPER)?
 */
bool kernel_btf__wraps_syscalls(const struct btf *btf);

/**
 * @brief Print C definitions of the types that a probe names, and of what they need.
 * @param probe the text, with that of the macros that will stand behind the types
 * @param taken what the compiler's own headers define; the kernel's types of these names, where
 * others hold them by value, are printed as kernel_NAME
 * @param all every struct and union of the kernel, not only what the probe names
 * @param out where the definitions go
 * @param count on success, how many named types were printed
 * @return 0 or a negative errno
 *
 * What the probe names: the tags, typedefs and constants in it, and the structs that it reaches
 * through pointers, since it names the members on the way there. Whatever else is behind a pointer
 * stays incomplete.
 */
int kernel_btf__print(const struct btf *btf, const struct c_text *probe, const struct c_text *taken,
		      bool all, FILE *out, size_t *count);

#endif
