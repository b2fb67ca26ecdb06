/* SPDX-License-Identifier: Apache-2.0 */
/* Which line of which file each instruction of a program comes from, as libbcc knows it. */
#ifndef TCPCONNECT_BCC_LINES_H
#define TCPCONNECT_BCC_LINES_H

#include <stddef.h>
#include <stdint.h>

/** From this instruction on, until the next one that has a line. */
struct bcc_line {
	uint32_t instruction; /* its number in the program */
	uint32_t line, column;
	char *file; /* without its directory */
};

/**
 * @brief Ask libbcc for a program's lines.
 * @param handle libbcc's module
 * @param number of the program in it
 * @param lines, count an array for bcc_lines__free(); none where this libbcc does not tell
 * @return 0 or -ENOMEM
 */
int bcc_lines__read(void *handle, size_t number, struct bcc_line **lines, size_t *count);

/** @brief Free an array and what it holds. */
void bcc_lines__free(struct bcc_line *lines, size_t count);

#endif
