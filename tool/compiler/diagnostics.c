// SPDX-License-Identifier: Apache-2.0
#include "diagnostics.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * A probe file stands in the text under its bare name (#line), a header under a path: clang's first
 * "FILE:LINE:COLUMN: error:" tells which it is.
 */
static bool about_probes(const char *said)
{
	const char *error = strstr(said, ": error:");
	const char *line = error;

	if (!error)
		error = line = strstr(said, ": fatal error:");
	if (!error)
		return false;
	while (line > said && line[-1] != '\n')
		line--;
	return memchr(line, '/', error - line) == NULL;
}

void diagnostics__consider(struct diagnostics *best, const char *said, const char *types)
{
	struct diagnostics heard = {.about_probes = said && about_probes(said)};

	if (best->about_probes && !heard.about_probes)
		return;
	heard.said = strdup(said ? said : "");
	heard.types = strdup(types);
	diagnostics__free(best);
	*best = heard;
}

void diagnostics__print(const struct diagnostics *best)
{
	if (best->said)
		fputs(best->said, stderr);
	if (best->about_probes)
		warnx("the probe does not compile: see the lines above; nothing was attached");
	else
		warnx("this libbcc cannot compile the kernel's types from %s: use a kernel with "
		      "BTF, a newer libbcc, or an object compiled elsewhere (--object)",
		      best->types ? best->types : "?");
}

/* Does a line begin a message: "FILE:LINE:COLUMN: warning: ..."? */
static bool begins_message(const char *line, size_t length)
{
	return memmem(line, length, ": warning:", strlen(": warning:")) ||
	       memmem(line, length, ": error:", strlen(": error:")) ||
	       memmem(line, length, ": note:", strlen(": note:"));
}

/* A message's later lines, the source and a mark below it, are indented. */
void diagnostics__print_warnings(const char *said)
{
	bool wanted = false;

	for (const char *line = said; line && *line;) {
		size_t length = strcspn(line, "\n");
		const char *colon = memchr(line, ':', length);

		if (begins_message(line, length))
			wanted = colon && !memchr(line, '/', (size_t)(colon - line));
		else if (*line != ' ' && *line != '\t')
			wanted = false; /* "3 warnings generated." */
		if (wanted)
			fprintf(stderr, "%.*s\n", (int)length, line);
		line += length + (line[length] == '\n');
	}
}

void diagnostics__free(struct diagnostics *best)
{
	free(best->said);
	free(best->types);
	*best = (struct diagnostics){0};
}
