// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "kernel_config.h"
#include "types_tree.h"

/* BTF tells of IPv6, and libbcc itself sets the other. */
static bool is_option(const char *name)
{
	return strncmp(name, "CONFIG_", strlen("CONFIG_")) == 0 &&
	       strcmp(name, "CONFIG_BPF_SYSCALL") != 0 && strcmp(name, "CONFIG_IPV6") != 0;
}

static bool names_options(const struct c_text *probe)
{
	const struct word *word;

	for (word = probe->words; word; word = word->hh.next)
		if (is_option(word->name))
			return true;
	return false;
}

static gzFile open_config(const char *release)
{
	static const char *const places[][2] = {
		{"/boot/config-", ""},
		{"/lib/modules/", "/config"},
		{"/lib/modules/", "/build/.config"},
	};
	gzFile file = types_tree__runs(release) ? gzopen("/proc/config.gz", "re") : NULL;

	for (size_t i = 0; !file && i < sizeof(places) / sizeof(places[0]); i++) {
		char path[PATH_MAX];

		if (snprintf(path, sizeof(path), "%s%s%s", places[i][0], release, places[i][1]) <
		    (int)sizeof(path))
			file = gzopen(path, "re"); /* also reads what is not compressed */
	}
	return file;
}

/* `CONFIG_NET_NS=y`, `CONFIG_IPV6=m`, `CONFIG_HZ=250`: as include/generated/autoconf.h has them */
static void print_option(const char *name, const char *value, FILE *out)
{
	if (strcmp(value, "y") == 0)
		fprintf(out, "#define %s 1\n", name);
	else if (strcmp(value, "m") == 0)
		fprintf(out, "#define %s_MODULE 1\n", name);
	else
		fprintf(out, "#define %s %s\n", name, value);
	if (strcmp(value, "y") == 0 || strcmp(value, "m") == 0)
		fprintf(out, "#define IS_ENABLED_%s 1\n", name);
}

static int print_options(const struct c_text *probe, const char *release, FILE *out)
{
	gzFile config = open_config(release);
	char line[4096];

	if (!config)
		return -ENODATA;
	while (gzgets(config, line, sizeof(line))) {
		char *equals = strchr(line, '=');

		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '#' || !equals)
			continue;
		*equals = '\0';
		if (is_option(line) && c_text__uses(probe, line))
			print_option(line, equals + 1, out);
	}
	gzclose(config);
	return 0;
}

int kernel_config__print(const struct c_text *probe, const char *release, FILE *out)
{
	int err = names_options(probe) ? print_options(probe, release, out) : 0;

	if (err || !c_text__uses(probe, "IS_ENABLED"))
		return err;
	fprintf(out, "#define IS_ENABLED(option) (IS_ENABLED_##option)\n");
	for (const struct word *word = probe->words; word; word = word->hh.next)
		if (strncmp(word->name, "CONFIG_", strlen("CONFIG_")) == 0)
			fprintf(out, "#ifndef IS_ENABLED_%1$s\n#define IS_ENABLED_%1$s 0\n#endif\n",
				word->name);
	return 0;
}
