/* SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "printable.h"

/* `\xHH` */
#define ESCAPE_LENGTH 4

struct range {
	uint32_t first;
	uint32_t last;
};

/* Code points that a terminal or a reader of lines acts upon instead of showing them. */
static const struct range harmful[] = {
	{0x0000, 0x001f}, /* C0 */
	{0x007f, 0x009f}, /* DEL, C1 */
	{0x061c, 0x061c}, /* Arabic letter mark */
	{0x200e, 0x200f}, /* left-to-right and right-to-left marks */
	{0x2028, 0x202e}, /* line and paragraph separators, embeddings, overrides */
	{0x2066, 0x2069}, /* bidirectional isolates */
};

static bool is_harmful(uint32_t code)
{
	for (size_t i = 0; i < sizeof(harmful) / sizeof(harmful[0]); i++) {
		if (code >= harmful[i].first && code <= harmful[i].last)
			return true;
	}
	return false;
}

static size_t utf8_length(unsigned char lead)
{
	if (lead < 0x80)
		return 1;
	if (lead < 0xc0)
		return 0;
	if (lead < 0xe0)
		return 2;
	if (lead < 0xf0)
		return 3;
	return lead < 0xf8 ? 4 : 0;
}

/*
 * The length of the UTF-8 character at `in` and its code point; 0 if there is none. Longer forms
 * than needed, surrogates and what lies above U+10FFFF are none (RFC 3629, section 3).
 */
static size_t decode(const unsigned char *in, size_t left, uint32_t *code)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t length = utf8_length(in[0]);

	if (length == 0 || length > left)
		return 0;
	*code = length == 1 ? in[0] : in[0] & (0x7fU >> length);
	for (size_t i = 1; i < length; i++) {
		if ((in[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (in[i] & 0x3f);
	}
	if (*code < smallest[length] || *code > 0x10ffff || (*code >= 0xd800 && *code <= 0xdfff))
		return 0;
	return length;
}

size_t printable(char *out, size_t size, const char *in, size_t length)
{
	const unsigned char *next = (const unsigned char *)in;
	size_t used = 0;

	if (size == 0)
		return 0;
	/* ordinary text, which most is */
	while (length > 0 && *next >= ' ' && *next < 0x7f && size - used > 1) {
		out[used++] = (char)*next++;
		length--;
	}
	while (length > 0) {
		uint32_t code = 0;
		size_t taken = decode(next, length, &code);
		bool escape = taken == 0 || is_harmful(code);

		if (escape)
			/* the rest of a harmful character is no character: escaped too */
			taken = 1;
		if (size - used <= (escape ? (size_t)ESCAPE_LENGTH : taken))
			break;
		if (escape) {
			snprintf(out + used, size - used, "\\x%02x", *next);
			used += ESCAPE_LENGTH;
		} else {
			memcpy(out + used, next, taken);
			used += taken;
		}
		next += taken;
		length -= taken;
	}
	out[used] = '\0';
	return used;
}

size_t printable__utf8(char *out, size_t size, const char *in, size_t length)
{
	static const char replacement[] = "\xef\xbf\xbd";
	size_t used = 0;

	/* ordinary text, which most is */
	while (length > 0 && (unsigned char)*in < 0x80 && size - used > 1) {
		out[used++] = *in++;
		length--;
	}
	while (length > 0) {
		uint32_t code;
		size_t taken = decode((const unsigned char *)in, length, &code);
		const char *from = taken ? in : replacement;
		size_t bytes = taken ? taken : sizeof(replacement) - 1;

		if (size - used <= bytes)
			break;
		memcpy(out + used, from, bytes);
		used += bytes;
		in += taken ? taken : 1;
		length -= taken ? taken : 1;
	}
	out[used] = '\0';
	return used;
}
