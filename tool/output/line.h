/* SPDX-License-Identifier: Apache-2.0 */
/* A line of output in the making: bytes that are written at once. */
#ifndef TCPCONNECT_LINE_H
#define TCPCONNECT_LINE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/** Zeroed, it is empty; its memory is kept from line to line. */
struct line {
	char *bytes;
	size_t used, capacity;
	int err; /* -ENOMEM once memory was out; then it takes nothing more */
};

/** @brief Append bytes. */
void line__append(struct line *line, const char *bytes, size_t size);

/** @brief Append a number in decimal digits. */
void line__number(struct line *line, uint64_t number);

/** @brief Append text. */
void line__format(struct line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** @brief Append blanks up to a width that is counted from a place in the line. */
void line__pad(struct line *line, size_t from, size_t width);

/** @brief Write the line and begin a new one. */
void line__write(struct line *line, FILE *out);

void line__free(struct line *line);

#endif
