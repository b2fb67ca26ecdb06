// SPDX-License-Identifier: Apache-2.0
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tokens.h"

static bool starts_word(char c)
{
	return isalpha((unsigned char)c) || c == '_';
}

static bool in_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* The first character behind white space, comments and joined lines; *first tells of a new line. */
static const char *skip_space(const char *at, const char *end, bool *first)
{
	while (at < end) {
		if (*at == '\n') {
			*first = true;
			at++;
		} else if (isspace((unsigned char)*at)) {
			at++;
		} else if (*at == '\\' && end - at > 1 && at[1] == '\n') {
			at += 2;
		} else if (end - at > 1 && at[0] == '/' && at[1] == '/') {
			while (at < end && *at != '\n')
				at++;
		} else if (end - at > 1 && at[0] == '/' && at[1] == '*') {
			const char *close = memmem(at + 2, (size_t)(end - at) - 2, "*/", 2);

			at = close ? close + 2 : end;
		} else {
			break;
		}
	}
	return at;
}

/* Behind a string or character constant; one that is not closed ends with its line. */
static const char *skip_quoted(const char *at, const char *end)
{
	char quote = *at++;

	while (at < end && *at != quote && *at != '\n')
		at += *at == '\\' && end - at > 1 ? 2 : 1;
	return at < end ? at + 1 : end;
}

int tokens__cut(const char *c, size_t length, struct tokens *tokens)
{
	const char *at = c, *end = c + length;
	size_t capacity = 0;
	bool first = true;

	tokens->list = NULL;
	tokens->count = 0;
	while ((at = skip_space(at, end, &first)) < end) {
		struct token token = {.start = at, .first = first};

		if (tokens->count == capacity) {
			size_t wider = capacity ? 2 * capacity : 1024;
			struct token *list = reallocarray(tokens->list, wider, sizeof(*list));

			if (!list) {
				free(tokens->list);
				tokens->list = NULL;
				return -ENOMEM;
			}
			tokens->list = list;
			capacity = wider;
		}
		token.word = starts_word(*at);
		if (in_word(*at)) {
			while (at < end && in_word(*at))
				at++;
		} else if (*at == '"' || *at == '\'') {
			at = skip_quoted(at, end);
		} else {
			at++;
		}
		token.length = (size_t)(at - token.start);
		tokens->list[tokens->count++] = token;
		first = false;
	}
	return 0;
}

bool tokens__is(const struct tokens *tokens, size_t i, const char *what)
{
	size_t length = strlen(what);

	return i < tokens->count && tokens->list[i].length == length &&
	       memcmp(tokens->list[i].start, what, length) == 0;
}

static bool opens(char c)
{
	return c == '(' || c == '[' || c == '{';
}

static bool closes(char c)
{
	return c == ')' || c == ']' || c == '}';
}

bool tokens__opens(const struct tokens *tokens, size_t i)
{
	return opens(tokens->list[i].start[0]);
}

size_t tokens__closing(const struct tokens *tokens, size_t open)
{
	size_t depth = 0;

	for (size_t i = open; i < tokens->count; i++) {
		char c = tokens->list[i].start[0];

		if (opens(c))
			depth++;
		else if (closes(c) && --depth == 0)
			return i;
	}
	return tokens->count ? tokens->count - 1 : 0;
}
