/* SPDX-License-Identifier: Apache-2.0 */
/* The few headers and macros that stand in for the kernel's own, where its types come from BTF. */
#ifndef TCPCONNECT_KERNEL_HEADERS_H
#define TCPCONNECT_KERNEL_HEADERS_H

#include <stddef.h>

#include "c_text.h"

struct kernel_header {
	const char *name; /* as in #include <NAME> */
	const char *text;
};

/**
 * What libbcc's own headers include, whatever the probe says. Ends with a header without a name.
 */
extern const struct kernel_header kernel_headers[];

/**
 * @brief The macros that a probe names: BTF has none.
 * @param probe their definitions are read into it, since they name types, members and macros in
 * turn
 * @return C text, for free(), or NULL when memory is out
 */
char *kernel_headers__macros(struct c_text *probe);

#endif
