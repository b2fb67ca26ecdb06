// SPDX-License-Identifier: Apache-2.0
/* header_trees__answer(): what the headers define, read without a compiler. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "header_trees.h"

#define FILE_LIMIT (16 << 20)

/** Whether a condition holds, as far as can be told without a preprocessor. */
enum truth { NO, YES, UNKNOWN };

/** A header that an #include line leads to. */
struct found {
	char *path;
	char *text; /* NULL until it is asked for */
	/* which keeps the order in which they were found: those that the probe names first */
	UT_hash_handle hh;
};

/** A walk over the headers that a probe includes, and those that they include. */
struct walk {
	const struct header_trees *trees;
	char *config; /* the text of include/generated/autoconf.h */
	struct found *found;
	int err; /* the first -ENOMEM */
};

/* Conditions. */

/* Is `#define NAME` in autoconf.h? */
static bool option_set(const char *config, const char *name, size_t length, const char *suffix)
{
	char line[256];

	if (snprintf(line, sizeof(line), "#define %.*s%s ", (int)length, name, suffix) >=
	    (int)sizeof(line))
		return false;
	return strstr(config, line) != NULL;
}

static bool is_option(const struct token *token)
{
	return token->length > strlen("CONFIG_") &&
	       !strncmp(token->start, "CONFIG_", strlen("CONFIG_"));
}

static enum truth either(enum truth a, enum truth b)
{
	return a == YES || b == YES ? YES : a == UNKNOWN || b == UNKNOWN ? UNKNOWN : NO;
}

static enum truth both(enum truth a, enum truth b)
{
	return a == NO || b == NO ? NO : a == UNKNOWN || b == UNKNOWN ? UNKNOWN : YES;
}

static enum truth negated(enum truth a)
{
	return a == UNKNOWN ? UNKNOWN : a == YES ? NO : YES;
}

/** A condition's tokens, from `at` up to the end of its line. */
struct condition {
	const struct tokens *tokens;
	const char *config;
	size_t at, end;
};

static bool take(struct condition *condition, const char *what)
{
	if (condition->at >= condition->end || !tokens__is(condition->tokens, condition->at, what))
		return false;
	condition->at++;
	return true;
}

static enum truth disjunction(struct condition *condition);

/* `defined(NAME)`, `defined NAME`, `IS_ENABLED(NAME)` and its sisters, of configuration options */
static enum truth option(struct condition *condition, bool with_modules)
{
	bool bracket = take(condition, "(");
	const struct token *name = &condition->tokens->list[condition->at];
	bool set;

	if (condition->at >= condition->end || !name->word)
		return UNKNOWN;
	condition->at++;
	if (bracket && !take(condition, ")"))
		return UNKNOWN;
	if (!is_option(name))
		return UNKNOWN;
	set = option_set(condition->config, name->start, name->length, "") ||
	      (with_modules && option_set(condition->config, name->start, name->length, "_MODULE"));
	return set ? YES : NO;
}

static enum truth primary(struct condition *condition)
{
	if (take(condition, "!"))
		return negated(primary(condition));
	if (take(condition, "(")) {
		enum truth truth = disjunction(condition);

		return take(condition, ")") ? truth : UNKNOWN;
	}
	if (take(condition, "defined") || take(condition, "IS_BUILTIN"))
		return option(condition, false);
	if (take(condition, "IS_ENABLED") || take(condition, "IS_REACHABLE"))
		return option(condition, true);
	if (take(condition, "0"))
		return NO;
	return take(condition, "1") ? YES : UNKNOWN;
}

static enum truth conjunction(struct condition *condition)
{
	enum truth truth = primary(condition);

	while (take(condition, "&") && take(condition, "&"))
		truth = both(truth, primary(condition));
	return truth;
}

static enum truth disjunction(struct condition *condition)
{
	enum truth truth = conjunction(condition);

	while (take(condition, "|") && take(condition, "|"))
		truth = either(truth, conjunction(condition));
	return truth;
}

/*
 * The condition of `#if`, `#elif`, `#ifdef` or `#ifndef`, its # at token `hash`, its line's end at
 * `end`.
 */
static enum truth evaluate(const struct tokens *tokens, size_t hash, size_t end, const char *config)
{
	struct condition condition = {
		.tokens = tokens, .config = config, .at = hash + 2, .end = end};
	enum truth truth;

	if (tokens__is(tokens, hash + 1, "ifdef"))
		return option(&condition, false);
	if (tokens__is(tokens, hash + 1, "ifndef"))
		return negated(option(&condition, false));
	truth = disjunction(&condition);
	return condition.at == end ? truth
				   : UNKNOWN; /* a comparison, or a macro that only clang knows */
}

/** The conditions around a place in a text: how the innermost 32 stand. */
struct conditions {
	enum truth taken[32];	/* has a branch of it been taken? */
	enum truth current[32]; /* is this one? */
	size_t depth;
};

/* Follow the directive whose # is token `hash`; return the last token of its line. */
static size_t follow_directive(const struct tokens *tokens, size_t hash, const char *config,
			       struct conditions *conditions)
{
	size_t end = hash + 1, top;
	bool starts, otherwise;

	while (end < tokens->count && !tokens->list[end].first)
		end++;
	starts = tokens__is(tokens, hash + 1, "if") || tokens__is(tokens, hash + 1, "ifdef") ||
		 tokens__is(tokens, hash + 1, "ifndef");
	otherwise = tokens__is(tokens, hash + 1, "else");
	if (starts && conditions->depth < 32) {
		top = conditions->depth++;
		conditions->current[top] = evaluate(tokens, hash, end, config);
		conditions->taken[top] = conditions->current[top];
	} else if (conditions->depth > 0 && (otherwise || tokens__is(tokens, hash + 1, "elif"))) {
		top = conditions->depth - 1;
		conditions->current[top] =
			both(negated(conditions->taken[top]),
			     otherwise ? YES : evaluate(tokens, hash, end, config));
		conditions->taken[top] = either(conditions->taken[top], conditions->current[top]);
	} else if (conditions->depth > 0 && tokens__is(tokens, hash + 1, "endif")) {
		conditions->depth--;
	}
	return end - 1;
}

static bool ruled_out(const struct conditions *conditions)
{
	size_t i;

	for (i = 0; i < conditions->depth; i++)
		if (conditions->current[i] == NO)
			return true;
	return false;
}

/* Definitions. */

static bool is_struct(const struct tokens *tokens, size_t i)
{
	return tokens__is(tokens, i, "struct") || tokens__is(tokens, i, "union");
}

/*
 * `struct NAME {`, `union NAME {`, `typedef struct … { … } NAME;`: the place of the opening brace;
 * 0 if there is none.
 */
static size_t find_definition(const struct tokens *tokens, const char *name)
{
	size_t brace, keyword;

	for (brace = 2; brace < tokens->count; brace++) {
		if (!tokens__is(tokens, brace, "{"))
			continue;
		keyword = is_struct(tokens, brace - 1) ? brace - 1 : brace - 2;
		if (!is_struct(tokens, keyword))
			continue;
		if (keyword == brace - 2 && tokens__is(tokens, brace - 1, name))
			return brace;
		if (keyword > 0 && tokens__is(tokens, keyword - 1, "typedef") &&
		    tokens__is(tokens, tokens__closing(tokens, brace) + 1, name))
			return brace;
	}
	return 0;
}

static bool begins_with_underscores(const struct token *token)
{
	return token->word && token->length > 2 && !strncmp(token->start, "__", 2);
}

static bool is_group(const struct tokens *tokens, size_t i)
{
	const struct token *token = &tokens->list[i];

	return token->word &&
	       memmem(token->start, token->length, "struct_group", strlen("struct_group"));
}

/*
 * A bracket at `open` that holds no members: a function's parameters, or what belongs to an
 * attribute.
 */
static bool holds_no_members(const struct tokens *tokens, size_t open)
{
	if (!tokens__is(tokens, open, "(") || open == 0)
		return false;
	return tokens__is(tokens, open - 1, ")") ||
	       (begins_with_underscores(&tokens->list[open - 1]) && !is_group(tokens, open - 1));
}

/*
 * Do the braces at `open` belong to a struct or union without a name, whose members are its
 * parent's?
 */
static bool is_anonymous(const struct tokens *tokens, size_t open)
{
	size_t after = tokens__closing(tokens, open) + 1;

	if (!is_struct(tokens, open - 1))
		return false;
	while (after < tokens->count &&
	       (begins_with_underscores(&tokens->list[after]) || tokens__is(tokens, after, "(")))
		after = tokens__is(tokens, after, "(") ? tokens__closing(tokens, after) + 1
						       : after + 1;
	return tokens__is(tokens, after, ";");
}

/*
 * Is the identifier at `i` declared there, and not a type or something else that a declaration
 * names?
 */
static bool is_declared(const struct tokens *tokens, size_t i)
{
	static const char *const followers[] = {";", ",", "[", ":", ")"};
	size_t j;

	if (is_struct(tokens, i - 1) || tokens__is(tokens, i - 1, "enum"))
		return false;
	for (j = 0; j < sizeof(followers) / sizeof(followers[0]); j++)
		if (tokens__is(tokens, i + 1, followers[j]))
			return true;
	return i + 1 < tokens->count && begins_with_underscores(&tokens->list[i + 1]);
}

static bool has_field(struct walk *walk, const char *type, const char *field);

/* `struct NAME;` among members: those of that struct are the outer one's too, since Linux 6.19. */
static bool inherits(struct walk *walk, const struct tokens *tokens, size_t i, const char *member)
{
	char name[128];

	if (!is_struct(tokens, i) || !tokens__is(tokens, i + 2, ";") ||
	    snprintf(name, sizeof(name), "%.*s", (int)tokens->list[i + 1].length,
		     tokens->list[i + 1].start) >= (int)sizeof(name))
		return false;
	return has_field(walk, name, member);
}

/* Is a member declared between the braces at `open`? */
static bool has_member(struct walk *walk, const struct tokens *tokens, size_t open,
		       const char *member)
{
	size_t close = tokens__closing(tokens, open), i;
	struct conditions conditions = {.depth = 0};

	for (i = open + 1; i < close; i++) {
		if (tokens__is(tokens, i, "#") && tokens->list[i].first)
			i = follow_directive(tokens, i, walk->config, &conditions);
		else if (holds_no_members(tokens, i) ||
			 (tokens__is(tokens, i, "{") && !is_anonymous(tokens, i)))
			i = tokens__closing(tokens, i);
		else if (!ruled_out(&conditions) &&
			 ((tokens__is(tokens, i, member) && is_declared(tokens, i)) ||
			  inherits(walk, tokens, i, member)))
			return true;
	}
	return false;
}

/* The walk. */

static int add_found(struct walk *walk, const char *path)
{
	struct found *found;

	HASH_FIND_STR(walk->found, path, found);
	if (found)
		return 0;
	found = calloc(1, sizeof(*found));
	if (!found)
		return -ENOMEM;
	found->path = strdup(path);
	if (!found->path) {
		free(found);
		return -ENOMEM;
	}
	HASH_ADD_KEYPTR(hh, walk->found, found->path, strlen(found->path), found);
	return 0;
}

/* Add what `#include <NAME>` finds, if anything. */
static int add_header(struct walk *walk, const char *name, size_t length)
{
	char path[PATH_MAX];
	size_t i;

	for (i = 0; i < walk->trees->search_count; i++)
		if (snprintf(path, sizeof(path), "%s/%.*s", walk->trees->search[i], (int)length,
			     name) < (int)sizeof(path) &&
		    !access(path, R_OK))
			return add_found(walk, path);
	return 0;
}

/* Add what a header includes: all of it, whatever the conditions around it. */
static int add_included(struct walk *walk, const char *c)
{
	const char *line, *next;
	int err = 0;

	for (line = c; !err && line; line = next ? next + 1 : NULL) {
		const char *close;

		next = strchr(line, '\n');
		line += strspn(line, " \t");
		if (*line++ != '#')
			continue;
		line += strspn(line, " \t");
		if (strncmp(line, "include", strlen("include")) != 0)
			continue;
		line += strlen("include");
		line += strspn(line, " \t");
		close = *line == '<'   ? strpbrk(line, ">\n")
			: *line == '"' ? strpbrk(line + 1, "\"\n")
				       : NULL;
		if (close && *close != '\n')
			err = add_header(walk, line + 1, (size_t)(close - line) - 1);
	}
	return err;
}

/* A header's text. Reading it the first time finds the headers that it includes. */
static const char *text_of(struct walk *walk, struct found *found)
{
	size_t size;

	if (found->text)
		return found->text;
	if (file__read(found->path, FILE_LIMIT, &found->text, &size))
		found->text = strdup(""); /* the compiler will say it */
	if (!found->text || add_included(walk, found->text))
		walk->err = -ENOMEM;
	return found->text ? found->text : "";
}

static bool has_field(struct walk *walk, const char *type, const char *field)
{
	struct found *found;
	bool yes = false;

	for (found = walk->found; found && !yes && !walk->err; found = found->hh.next) {
		const char *text = text_of(walk, found);
		struct tokens tokens;
		size_t open;

		if (!strstr(text, type))
			continue;
		walk->err = tokens__cut(text, strlen(text), &tokens);
		if (walk->err)
			break;
		open = find_definition(&tokens, type);
		yes = open && has_member(walk, &tokens, open, field);
		free(tokens.list);
	}
	return yes;
}

/* Does a header use a name like that: as the tag of a struct that it defines, say? */
static bool defines(struct walk *walk, const char *name, unsigned int uses)
{
	struct found *found;
	bool yes = false;

	for (found = walk->found; found && !yes && !walk->err; found = found->hh.next) {
		const char *text = text_of(walk, found);
		struct c_text header = {0};

		if (!strstr(text, name))
			continue;
		walk->err = c_text__read(&header, text);
		yes = c_text__uses(&header, name) & uses;
		c_text__free(&header);
	}
	return yes;
}

static bool answer(struct walk *walk, const struct question *question)
{
	switch (question->kind) {
	case QUESTION_FIELD:
		return has_field(walk, question->name, question->field);
	case QUESTION_TYPE:
		return defines(walk, question->name, WORD_OWN_TAG | WORD_OWN_NAME);
	default:
		return defines(walk, question->name, WORD_OWN_NAME);
	}
}

static void free_walk(struct walk *walk)
{
	struct found *found = walk->found, *next;

	HASH_CLEAR(hh, walk->found);
	for (; found; found = next) {
		next = found->hh.next;
		free(found->path);
		free(found->text);
		free(found);
	}
	free(walk->config);
}

int header_trees__answer(const struct header_trees *trees, struct c_text *probe)
{
	struct walk walk = {.trees = trees};
	char path[PATH_MAX];
	size_t size, i;

	if (probe->question_count == 0)
		return 0;
	snprintf(path, sizeof(path), "%s/include/generated/autoconf.h", trees->build);
	if (file__read(path, FILE_LIMIT, &walk.config, &size))
		walk.config = strdup("");
	if (!walk.config)
		walk.err = -ENOMEM;
	for (i = 0; !walk.err && i < probe->header_count; i++)
		walk.err = add_header(&walk, probe->headers[i], strlen(probe->headers[i]));
	for (i = 0; !walk.err && i < probe->question_count; i++)
		probe->questions[i].yes = answer(&walk, &probe->questions[i]);
	free_walk(&walk);
	return walk.err;
}
