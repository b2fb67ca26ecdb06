/* SPDX-License-Identifier: Apache-2.0 */
/* C cut into its smallest pieces. */
#ifndef TCPCONNECT_TOKENS_H
#define TCPCONNECT_TOKENS_H

#include <stdbool.h>
#include <stddef.h>

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

/** @brief Is token `i` an opening bracket? */
bool tokens__opens(const struct tokens *tokens, size_t i);

/** @brief The token that closes the bracket at `open`, or the last one if nothing does. */
size_t tokens__closing(const struct tokens *tokens, size_t open);

#endif
