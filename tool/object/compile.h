/* SPDX-License-Identifier: Apache-2.0 */
/* BPF C text in, object out: runs tcpconnect-compile, so that no LLVM stays in this process. */
#ifndef TCPCONNECT_COMPILE_H
#define TCPCONNECT_COMPILE_H

#include <stdbool.h>
#include <stddef.h>

#include "options.h"

/** What the compiler is asked. */
struct compile_request {
	const char *program; /* path of tcpconnect-compile */
	const char *text;
	const struct options *options; /* for --kernel, --headers, --btf, --types and -v */
};

/**
 * @brief Compile a text.
 * @param request what is asked
 * @param object, size on success: the ELF object, for free()
 * @return 0, or a negative errno after the compiler's messages and what to do, on stderr;
 *         -EINTR when a signal ended the wait, with no message
 *
 * On a terminal stderr says that it is compiling when that takes more than half a second. The child
 * is gone when this returns, and dies with this process.
 */
int compile__run(const struct compile_request *request, char **object, size_t *size);

#endif
