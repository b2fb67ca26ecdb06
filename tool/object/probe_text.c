// SPDX-License-Identifier: Apache-2.0
#include "probe_text.h"

#include <err.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "trust.h"

#define PROBE_FILE_MAX (1024 * 1024)

/* Does the work that the options name need this probe file? */
typedef bool (*needed_fn)(const struct options *options, enum hooks hooks);

static bool always(const struct options *options, enum hooks hooks)
{
	(void)options;
	(void)hooks;
	return true;
}

static bool with_kprobes(const struct options *options, enum hooks hooks)
{
	(void)options;
	return hooks == HOOKS_KPROBE;
}

static bool with_sockops(const struct options *options, enum hooks hooks)
{
	(void)options;
	return hooks == HOOKS_SOCKOPS;
}

static bool dns_wire(const struct options *options, enum hooks hooks)
{
	(void)hooks;
	return options->dns && options->dns_source != DNS_SOURCE_LIBC;
}

static bool dns_libc(const struct options *options, enum hooks hooks)
{
	(void)hooks;
	return options->dns && options->dns_source != DNS_SOURCE_WIRE;
}

static bool dns_with_kprobes(const struct options *options, enum hooks hooks)
{
	return dns_wire(options, hooks) && hooks == HOOKS_KPROBE;
}

/* The probe files, in the order in which they stand in the text. */
static const struct probe_file {
	const char *name;
	needed_fn needed;
} probe_files[] = {
	{"event.h", always},
	{"output.h", always},
	{"filter.h", always},
	{"connect.h", always},
	{"connect_kprobe.c", with_kprobes},
	{"connect_sockops.c", with_sockops},
	{"dns.h", dns_wire},
	{"dns_kprobe.c", dns_with_kprobes},
	{"dns_asker.c", dns_wire},
	{"dns_cgroup.c", dns_wire},
	{"dns_libc.c", dns_libc},
};

/* #define NAME(value) ((value) == 1 || (value) == 2), or nothing for an empty list */
static void write_list(FILE *text, const char *name, const struct number_list *list)
{
	if (!list->count)
		return;
	fprintf(text, "#define %s(value) (", name);
	for (size_t i = 0; i < list->count; i++)
		fprintf(text, "%s(value) == %uU", i ? " || " : "", list->values[i]);
	fputs(")\n", text);
}

static void write_flag(FILE *text, const char *name, bool on)
{
	if (on)
		fprintf(text, "#define %s\n", name);
}

static void write_filters(FILE *text, const struct options *options)
{
	write_list(text, "TRACE_PID", &options->pids);
	write_list(text, "TRACE_PORT", &options->ports);
	write_list(text, "TRACE_UID", &options->uids);
	write_flag(text, "ONLY_IPV4", options->family == FAMILY_IPV4);
	write_flag(text, "ONLY_IPV6", options->family == FAMILY_IPV6);
	write_flag(text, "CGROUP_MAP", options->cgroup_map);
	write_flag(text, "MNTNS_MAP", options->mntns_map);
	write_flag(text, "COUNT", options->count);
}

static int write_file(FILE *text, const char *directory, const char *name)
{
	char path[PATH_MAX], resolved[PATH_MAX], why[PATH_MAX + 128];
	char *bytes = NULL;
	size_t size = 0;
	int err;

	if (snprintf(path, sizeof(path), "%s/%s", directory, name) >= (int)sizeof(path)) {
		warnx("%s: the path of the probes is too long", directory);
		return -ENAMETOOLONG;
	}
	err = trust__path(path, resolved, why, sizeof(why));
	if (err) {
		warnx("probe not used: %s%s", why,
		      err == -ENOENT ? "; name the directory of the probes with --probes DIR" : "");
		return err;
	}
	err = file__read(resolved, PROBE_FILE_MAX, &bytes, &size);
	if (!err && memchr(bytes, '\0', size))
		err = -EILSEQ;
	if (err)
		warnx("%s: %s", path, err == -EILSEQ ? "not a text" : strerror(-err));
	else
		fprintf(text, "#line 1 \"%s\"\n%s%s", name, bytes,
			size && bytes[size - 1] == '\n' ? "" : "\n");
	free(bytes);
	return err;
}

int probe_text__make(const struct options *options, enum hooks hooks, const char *directory,
		     char **text)
{
	size_t size;
	FILE *stream = open_memstream(text, &size);
	int err = 0;

	if (!stream)
		return -errno;
	write_filters(stream, options);
	for (size_t i = 0; i < sizeof(probe_files) / sizeof(probe_files[0]) && !err; i++)
		if (probe_files[i].needed(options, hooks))
			err = write_file(stream, directory, probe_files[i].name);
	if (fclose(stream) != 0 && !err)
		err = -ENOMEM;
	if (err) {
		free(*text);
		*text = NULL;
	}
	return err;
}
