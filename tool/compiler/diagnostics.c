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

void diagnostics__free(struct diagnostics *best)
{
	free(best->said);
	free(best->types);
	*best = (struct diagnostics){0};
}
