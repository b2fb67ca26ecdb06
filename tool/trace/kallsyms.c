// SPDX-License-Identifier: Apache-2.0
#include "kallsyms.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* Does what stands behind a function's name say that it is the whole function? */
static bool is_whole(const char *suffix)
{
	static const char *const suffixes[] = {".llvm.", ".isra.", ".constprop."};

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		size_t length = strlen(suffixes[i]);

		if (strncmp(suffix, suffixes[i], length) == 0 &&
		    isdigit((unsigned char)suffix[length]))
			return !strstr(suffix, ".part.") && !strstr(suffix, ".cold");
	}
	return false;
}

int kallsyms__find_renamed_in(FILE *symbols, const char *function, char renamed[KALLSYMS_NAME_SIZE])
{
	char line[KALLSYMS_NAME_SIZE + 128], name[KALLSYMS_NAME_SIZE], type;
	size_t length = strlen(function), found = 0;

	while (fgets(line, sizeof(line), symbols)) {
		if (sscanf(line, "%*s %c %511s", &type, name) != 2 ||
		    tolower((unsigned char)type) != 't' || strncmp(name, function, length) != 0 ||
		    !is_whole(name + length))
			continue;
		memcpy(renamed, name, sizeof(name));
		found++;
	}
	return found == 1 ? 0 : -ENOENT;
}

int kallsyms__find_renamed(const char *function, char renamed[KALLSYMS_NAME_SIZE])
{
	FILE *symbols = fopen("/proc/kallsyms", "re");
	int err = -ENOENT;

	if (!symbols)
		return err;
	err = kallsyms__find_renamed_in(symbols, function, renamed);
	fclose(symbols);
	return err;
}
