// SPDX-License-Identifier: Apache-2.0
#include "probe_text.h"

#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filter_list.h"
#include "pid_namespace.h"
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

/* COLUMN_NAME for a column that the probes can send; others are there without a word. */
static void write_column(FILE *text, const char *name, const char *files)
{
	char define[sizeof("COLUMN_") + COLUMN_NAME_SIZE] = "COLUMN_";
	size_t length = strlen(define);

	for (size_t i = 0; name[i] && i < COLUMN_NAME_SIZE; i++)
		define[length++] = (char)toupper((unsigned char)name[i]);
	define[length] = '\0';
	write_flag(text, define, strstr(files, define));
}

static void write_columns(FILE *text, const struct options *options, const char *files)
{
	write_flag(text, "COLUMN_RESULT", options->result);
	write_flag(text, "COLUMN_ASKED", options->asked);
	for (size_t i = 0; i < options->columns.count; i++)
		if (strcmp(options->columns.names[i], "result") != 0 &&
		    strcmp(options->columns.names[i], "asked") != 0)
			write_column(text, options->columns.names[i], files);
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
	write_flag(text, "PID_NAMESPACE", !pid_namespace__is_initial());
	write_flag(text, "WITH_NAMES", options->dns);
	write_flag(text, "NO_KERNEL_READS", options->no_kernel_reads);
	write_flag(text, "FOLLOW_PROCESSES",
		   options->dns && options->dns_source != DNS_SOURCE_WIRE);
	return err;
}

/* The files first: which defines they ask for decides what stands above them. */
static int write_text(FILE *text, const struct options *options, const char *directory)
{
	char *files = NULL;
	size_t size;
	FILE *stream = open_memstream(&files, &size);
	int err = stream ? probe_files__append(options, directory, stream) : -ENOMEM;

	if (!stream || (fclose(stream) != 0 && !err)) {
		warnx("out of memory");
		err = -ENOMEM;
	}
	if (!err)
		err = write_filters(text, options);
	if (!err) {
		write_columns(text, options, files);
		fputs(files, text);
	}
	free(files);
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
	err = write_text(stream, options, directory);
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
