// SPDX-License-Identifier: Apache-2.0
#include "distribution.h"

#include <stdio.h>
#include <string.h>

/*
 * By a word of ID or ID_LIKE in /etc/os-release (os-release(5)); the kernel's release stands
 * between.
 */
static const struct distribution {
	const char *id;
	const char *before;
	const char *after;
} distributions[] = {
	{"debian", "install its headers with: apt-get install linux-headers-", ""},
	{"ubuntu", "install its headers with: apt-get install linux-headers-", ""},
	{"fedora", "install its headers with: dnf install kernel-devel-", ""},
	{"rhel", "install its headers with: dnf install kernel-devel-", ""},
	{"suse", "install its headers with: zypper install kernel-default-devel (release ", ")"},
	{"arch", "install its headers with: pacman -S linux-headers (release ", ")"},
};

/* Does the line KEY=value hold the word? Values may be quoted. */
static bool line_has(const char *line, const char *word)
{
	size_t length = strlen(word);

	if (strncmp(line, "ID=", 3) != 0 && strncmp(line, "ID_LIKE=", 8) != 0)
		return false;
	for (const char *at = strstr(line, word); at; at = strstr(at + 1, word))
		if (strchr("=\"' ", at[-1]) && strchr("\"' \n", at[length]))
			return true;
	return false;
}

static const struct distribution *find(void)
{
	FILE *release = fopen("/etc/os-release", "re");
	const struct distribution *found = NULL;
	char line[512];

	while (release && !found && fgets(line, sizeof(line), release))
		for (size_t i = 0; i < sizeof(distributions) / sizeof(distributions[0]) && !found;
		     i++)
			if (line_has(line, distributions[i].id))
				found = &distributions[i];
	if (release)
		fclose(release);
	return found;
}

void distribution__headers_advice(const char *release, bool elsewhere, char *advice, size_t size)
{
	const struct distribution *distribution = elsewhere ? NULL : find();

	if (elsewhere)
		snprintf(advice, size,
			 "name its headers with --headers DIR or its BTF with --btf FILE");
	else if (distribution)
		snprintf(advice, size, "%s%s%s", distribution->before, release,
			 distribution->after);
	else
		snprintf(advice, size, "install the header package of kernel %s", release);
}
