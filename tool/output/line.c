// SPDX-License-Identifier: Apache-2.0
#include "line.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static int reserve(struct line *line, size_t size)
{
	size_t capacity = line->capacity;
	char *grown;

	if (line->err || line->used + size <= capacity)
		return line->err;
	capacity = 2 * (line->used + size) + 256;
	grown = realloc(line->bytes, capacity);
	if (!grown) {
		line->err = -ENOMEM;
		return line->err;
	}
	line->bytes = grown;
	line->capacity = capacity;
	return 0;
}

void line__append(struct line *line, const char *bytes, size_t size)
{
	if (reserve(line, size) != 0)
		return;
	memcpy(line->bytes + line->used, bytes, size);
	line->used += size;
}

/* Most of what a row is: printf() would take twice the time of the whole row. */
void line__number(struct line *line, uint64_t number)
{
	char digits[20], *at = digits + sizeof(digits);

	do {
		*--at = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	line__append(line, at, (size_t)(digits + sizeof(digits) - at));
}

void line__format(struct line *line, const char *format, ...)
{
	va_list arguments;
	int length;

	if (reserve(line, 64) != 0)
		return;
	va_start(arguments, format);
	length =
		vsnprintf(line->bytes + line->used, line->capacity - line->used, format, arguments);
	va_end(arguments);
	if (length >= 0 && (size_t)length >= line->capacity - line->used) {
		if (reserve(line, (size_t)length + 1) != 0)
			return;
		va_start(arguments, format);
		vsnprintf(line->bytes + line->used, line->capacity - line->used, format, arguments);
		va_end(arguments);
	}
	if (length > 0)
		line->used += (size_t)length;
}

void line__pad(struct line *line, size_t from, size_t width)
{
	size_t length = line->used - from;

	if (length >= width || reserve(line, width - length) != 0)
		return;
	memset(line->bytes + line->used, ' ', width - length);
	line->used += width - length;
}

void line__write(struct line *line, FILE *out)
{
	if (line->used)
		fwrite(line->bytes, 1, line->used, out);
	line->used = 0;
}

void line__free(struct line *line)
{
	free(line->bytes);
	*line = (struct line){0};
}
