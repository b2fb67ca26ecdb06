// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "c_text.h"
#include "tokens.h"

static bool is_word(const struct tokens *tokens, size_t i)
{
	return i < tokens->count && tokens->list[i].word;
}

static int add_use(struct c_text *text, const struct token *token, unsigned int use)
{
	struct word *word;

	HASH_FIND(hh, text->words, token->start, token->length, word);
	if (word) {
		word->uses |= use;
		return 0;
	}
	word = calloc(1, sizeof(*word));
	if (!word)
		return -ENOMEM;
	word->name = strndup(token->start, token->length);
	if (!word->name) {
		free(word);
		return -ENOMEM;
	}
	word->uses = use;
	HASH_ADD_KEYPTR(hh, text->words, word->name, token->length, word);
	return 0;
}

static int add_header(struct c_text *text, const char *name, size_t length)
{
	char **headers = reallocarray(text->headers, text->header_count + 1, sizeof(*headers));

	if (!headers)
		return -ENOMEM;
	text->headers = headers;
	headers[text->header_count] = strndup(name, length);
	return headers[text->header_count] ? (text->header_count++, 0) : -ENOMEM;
}

static bool is_include(const struct tokens *tokens, size_t i)
{
	return tokens__is(tokens, i, "#") && tokens->list[i].first && i + 2 < tokens->count &&
	       (tokens__is(tokens, i + 1, "include") || tokens__is(tokens, i + 1, "include_next"));
}

/*
 * `#include <NAME>` or `#include "NAME"`, its # at token *i, which is moved to the last token of
 * the line.
 */
static int read_include(struct c_text *text, const struct tokens *tokens, size_t *i)
{
	const char *open = tokens->list[*i + 2].start, *line_end = strchrnul(open, '\n');
	const char *close = NULL;

	if (*open == '<' || *open == '"')
		close = memchr(open + 1, *open == '<' ? '>' : '"', (size_t)(line_end - open) - 1);
	while (*i + 1 < tokens->count && !tokens->list[*i + 1].first)
		++*i;
	return close ? add_header(text, open + 1, (size_t)(close - open) - 1) : 0;
}

/* `enum [NAME] { A, B = 1 }`: A and B are the text's own. The keyword stands at i. */
static int read_enum(struct c_text *text, const struct tokens *tokens, size_t i)
{
	size_t open = is_word(tokens, i + 1) ? i + 2 : i + 1, close, at;

	if (!tokens__is(tokens, i, "enum") || !tokens__is(tokens, open, "{"))
		return 0;
	close = tokens__closing(tokens, open);
	for (at = open + 1; at < close; at++) {
		if (tokens__opens(tokens, at))
			at = tokens__closing(tokens, at);
		else if (is_word(tokens, at) &&
			 (at == open + 1 || tokens__is(tokens, at - 1, ",")) &&
			 add_use(text, &tokens->list[at], WORD_OWN_NAME))
			return -ENOMEM;
	}
	return 0;
}

/* `typedef … NAME;`, `typedef … NAME[8];`, `typedef … (*NAME)(…);`: NAME is the text's own. */
static int read_typedef(struct c_text *text, const struct tokens *tokens, size_t i)
{
	size_t at, name = 0;

	if (!tokens__is(tokens, i, "typedef"))
		return 0;
	for (at = i + 1; at < tokens->count && !tokens__is(tokens, at, ";"); at++) {
		if (tokens__is(tokens, at, "(") && tokens__is(tokens, at + 1, "*") &&
		    is_word(tokens, at + 2)) {
			name = at + 2;
			break;
		}
		if (tokens__opens(tokens, at))
			at = tokens__closing(tokens, at);
		else if (is_word(tokens, at))
			name = at;
	}
	return name ? add_use(text, &tokens->list[name], WORD_OWN_NAME) : 0;
}

/*
 * `BPF_HASH(NAME, …)`, `BPF_TABLE(kind, key, value, NAME, …)` outside of functions: a table of the
 * text's own.
 */
static int read_table(struct c_text *text, const struct tokens *tokens, size_t i)
{
	const struct token *token = &tokens->list[i];
	size_t wanted, close, at, argument = 1;

	if (token->length < 4 || memcmp(token->start, "BPF_", 4) != 0 ||
	    !tokens__is(tokens, i + 1, "("))
		return 0;
	wanted = memmem(token->start, token->length, "TABLE", 5) ? 4 : 1;
	close = tokens__closing(tokens, i + 1);
	for (at = i + 2; at < close; at++) {
		if (tokens__opens(tokens, at))
			at = tokens__closing(tokens, at);
		else if (tokens__is(tokens, at, ","))
			argument++;
		else if (argument == wanted && is_word(tokens, at))
			return add_use(text, &tokens->list[at], WORD_OWN_NAME);
	}
	return 0;
}

static bool is_tag_keyword(const struct tokens *tokens, size_t i)
{
	return tokens__is(tokens, i, "struct") || tokens__is(tokens, i, "union") ||
	       tokens__is(tokens, i, "enum");
}

/* What token i, an identifier, is used for, by the tokens around it. */
static unsigned int use_of(const struct tokens *tokens, size_t i)
{
	if (i > 0 && is_tag_keyword(tokens, i - 1))
		return tokens__is(tokens, i + 1, "{") ? WORD_OWN_TAG : WORD_TAG;
	if (i > 0 && (tokens__is(tokens, i - 1, ".") ||
		      (tokens__is(tokens, i - 1, ">") && i > 1 && tokens__is(tokens, i - 2, "-"))))
		return WORD_MEMBER;
	if (i > 1 && tokens__is(tokens, i - 1, "define") && tokens__is(tokens, i - 2, "#"))
		return WORD_OWN_NAME;
	return tokens__is(tokens, i + 1, "(") ? WORD_CALL : WORD_PLAIN;
}

int c_text__read(struct c_text *text, const char *c)
{
	struct tokens tokens;
	size_t depth = 0;
	int err;

	err = tokens__cut(c, strlen(c), &tokens);
	for (size_t i = 0; !err && i < tokens.count; i++) {
		if (!tokens.list[i].word) {
			if (tokens__is(&tokens, i, "{"))
				depth++;
			else if (tokens__is(&tokens, i, "}") && depth > 0)
				depth--;
			else if (is_include(&tokens, i))
				err = read_include(text, &tokens, &i);
			continue;
		}
		err = add_use(text, &tokens.list[i], use_of(&tokens, i));
		if (!err)
			err = read_enum(text, &tokens, i);
		if (!err)
			err = read_typedef(text, &tokens, i);
		if (!err && depth == 0)
			err = read_table(text, &tokens, i);
	}
	free(tokens.list);
	return err;
}

unsigned int c_text__uses(const struct c_text *text, const char *name)
{
	struct word *word;

	HASH_FIND_STR(text->words, name, word);
	return word ? word->uses : 0;
}

void c_text__free(struct c_text *text)
{
	struct word *word = text->words, *next;

	HASH_CLEAR(hh, text->words);
	for (; word; word = next) {
		next = word->hh.next;
		free(word->name);
		free(word);
	}
	for (size_t i = 0; i < text->header_count; i++)
		free(text->headers[i]);
	free(text->headers);
	*text = (struct c_text){0};
}
