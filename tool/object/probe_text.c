// SPDX-License-Identifier: Apache-2.0
#include "probe_text.h"

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "filter_list.h"
#include "probe_files.h"

/* #define NAME(value) ((value) == 1 || (value) == 2) */
static void write_comparisons(FILE *text, const char *name, const struct number_list *list)
{
	fprintf(text, "#define %s(value) (", name);
	for (size_t i = 0; i < list->count; i++)
		fprintf(text, "%s(value) == %uU", i ? " || " : "", list->values[i]);
	fputs(")\n", text);
}

/* The same for many, of which clang makes a search. */
static void write_switch(FILE *text, const char *name, const struct number_list *list)
{
	fprintf(text, "#define %s(value) ({ int passes_ = 0; switch (value) { ", name);
	for (size_t i = 0; i < list->count; i++)
		fprintf(text, "case %uU: ", list->values[i]);
	fputs("passes_ = 1; } passes_; })\n", text);
}

static int write_list(FILE *text, const struct options *options, const struct filter_list *filter)
{
	const struct number_list *list = filter_list__values(filter, options);

	if (!list->count)
		return 0;
	if (list->count <= FILTER_LIST_SHORT) {
		write_comparisons(text, filter->define, list);
	} else if (options->action != ACTION_COMPILE_ONLY) {
		fprintf(text, "#define %s_MAP %u\n", filter->define, filter_list__entries(list));
	} else if (list->count <= FILTER_LIST_BAKED) {
		write_switch(text, filter->define, list);
	} else {
		warnx("%s has %zu values: an object in a file takes %d at most", filter->option,
		      list->count, FILTER_LIST_BAKED);
		return -E2BIG;
	}
	return 0;
}

static void write_flag(FILE *text, const char *name, bool on)
{
	if (on)
		fprintf(text, "#define %s\n", name);
}

static int write_filters(FILE *text, const struct options *options)
{
	int err = 0;

	for (const struct filter_list *filter = filter_lists; filter->define && !err; filter++)
		err = write_list(text, options, filter);
	write_flag(text, "ONLY_IPV4", options->family == FAMILY_IPV4);
	write_flag(text, "ONLY_IPV6", options->family == FAMILY_IPV6);
	write_flag(text, "CGROUP_MAP", options->cgroup_map);
	write_flag(text, "MNTNS_MAP", options->mntns_map);
	write_flag(text, "COUNT", options->count);
	return err;
}

int probe_text__make(const struct options *options, const char *directory, char **text)
{
	size_t size;
	FILE *stream = open_memstream(text, &size);
	int err;

	if (!stream) {
		warnx("out of memory");
		return -ENOMEM;
	}
	err = write_filters(stream, options);
	if (!err)
		err = probe_files__append(options, directory, stream);
	if (fclose(stream) != 0 && !err) {
		warnx("out of memory");
		err = -ENOMEM;
	}
	if (err) {
		free(*text);
		*text = NULL;
	}
	return err;
}
