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
	WORD_ASKED = 1 << 6,	/* KERNEL_HAS_TYPE(NAME): the kernel's, if it has it */
};

struct word {
	char *name;
	unsigned int uses;
	UT_hash_handle hh;
};

enum question_kind {
	QUESTION_TYPE,	   /* KERNEL_HAS_TYPE(name) */
	QUESTION_FIELD,	   /* KERNEL_HAS_FIELD(name, field) */
	QUESTION_CONSTANT, /* KERNEL_HAS_CONSTANT(name) */
};

/** One thing that the text asks about the kernel; whoever knows the kernel fills in `yes`. */
struct question {
	enum question_kind kind;
	char *name;
	char *field; /* or NULL */
	bool yes;
};

/** Zeroed, it is an empty one. */
struct c_text {
	struct word *words;
	char **headers; /* of #include lines, without their brackets */
	size_t header_count;
	struct question *questions;
	size_t question_count;
};

/** @brief Add what a text names; 0 or -ENOMEM, and c_text__free() either way. */
int c_text__read(struct c_text *text, const char *c);

/** @brief The uses of an identifier, as bits of enum word_use; 0 if the text does not have it. */
unsigned int c_text__uses(const struct c_text *text, const char *name);

void c_text__free(struct c_text *text);

/** A piece of C: an identifier, a number, a constant in quotes, or one punctuation character. */
struct token {
	const char *start;
	size_t length;
	bool word;  /* an identifier */
	bool first; /* of its line */
};

struct tokens {
	struct token *list;
	size_t count;
};

/**
 * @brief Cut C into tokens, without its comments.
 * @param tokens on success, a list for free(); its tokens point into `c`
 * @return 0 or -ENOMEM
 */
int tokens__cut(const char *c, size_t length, struct tokens *tokens);

/** @brief Is token `i` this identifier or character? False behind the last one. */
bool tokens__is(const struct tokens *tokens, size_t i, const char *what);

/** @brief The token that closes the bracket at `open`, or the last one if nothing does. */
size_t tokens__closing(const struct tokens *tokens, size_t open);

#endif
