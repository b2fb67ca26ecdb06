/* SPDX-License-Identifier: Apache-2.0 */
/* What a C text names, as far as that can be told without a compiler. */
#ifndef TCPCONNECT_C_TEXT_H
#define TCPCONNECT_C_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <uthash.h>

/** How a text uses an identifier; bits, since it may do several. */
enum word_use {
	WORD_TAG = 1 << 0,	/* struct NAME, union NAME, enum NAME */
	WORD_PLAIN = 1 << 1,	/* a typedef's, a constant's or a variable's name */
	WORD_MEMBER = 1 << 2,	/* .NAME or ->NAME */
	WORD_CALL = 1 << 3,	/* NAME( */
	WORD_OWN_TAG = 1 << 4,	/* struct NAME {: defined by the text itself */
	WORD_OWN_NAME = 1 << 5, /* a typedef, enumerator, macro or BPF table of the text's own */
};

struct word {
	char *name;
	unsigned int uses;
	UT_hash_handle hh;
};

/** Zeroed, it is an empty one. */
struct c_text {
	struct word *words;
	char **headers; /* of #include lines, without their brackets */
	size_t header_count;
};

/** @brief Add what a text names; 0 or -ENOMEM, and c_text__free() either way. */
int c_text__read(struct c_text *text, const char *c);

/** @brief The uses of an identifier, as bits of enum word_use; 0 if the text does not have it. */
unsigned int c_text__uses(const struct c_text *text, const char *name);

void c_text__free(struct c_text *text);

#endif
