/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's functions by name. */
#ifndef TCPCONNECT_KALLSYMS_H
#define TCPCONNECT_KALLSYMS_H

#include <stdio.h>

/** Bytes of a name, with its terminator: KSYM_NAME_LEN (include/linux/kallsyms.h, Linux 6.1). */
#define KALLSYMS_NAME_SIZE 512

/**
 * @brief Find a function under the name that the compiler has given it.
 *
 * Clang's ThinLTO appends `.llvm.` and a number, gcc `.isra.` or `.constprop.` and one where it has
 * changed how the function is called. Parts of a function that was split (`.part.`, `.cold`) are
 * not the function.
 *
 * @param renamed filled where there is exactly one
 * @return 0, -ENOENT where there is none, or more than one
 */
int kallsyms__find_renamed(const char *function, char renamed[KALLSYMS_NAME_SIZE]);

/** @brief The same in a text that has the form of /proc/kallsyms. */
int kallsyms__find_renamed_in(FILE *symbols, const char *function,
			      char renamed[KALLSYMS_NAME_SIZE]);

#endif
