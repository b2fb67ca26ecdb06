// SPDX-License-Identifier: Apache-2.0
#include "probe_files.h"

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "trust.h"

#define PROBE_FILE_MAX (1024 * 1024)

/* Does the work that the options name need this probe file? */
typedef bool (*needed_fn)(const struct options *options);

static bool always(const struct options *options)
{
	(void)options;
	return true;
}

static bool with_kprobes(const struct options *options)
{
	return options->attach == ATTACH_KPROBE;
}

static bool with_result(const struct options *options)
{
	return options->result;
}

static bool with_sockops(const struct options *options)
{
	return options->attach == ATTACH_SOCKOPS;
}

static bool asked_with_kprobes(const struct options *options)
{
	return options->asked && with_kprobes(options);
}

static bool asked_with_sockops(const struct options *options)
{
	return options->asked && with_sockops(options);
}

static bool dns_wire(const struct options *options)
{
	return options->dns && options->dns_source != DNS_SOURCE_LIBC;
}

static bool with_names(const struct options *options)
{
	return options->dns;
}

static bool dns_libc(const struct options *options)
{
	return options->dns && options->dns_source != DNS_SOURCE_WIRE;
}

static bool dns_with_kprobes(const struct options *options)
{
	return dns_wire(options) && with_kprobes(options);
}

/* The probe files, in the order in which they stand in the text. */
static const struct probe_file {
	const char *name;
	needed_fn needed;
	const char *when; /* it is read, for messages */
} probe_files[] = {
	{"event.h", always, ""},
	{"output.h", always, ""},
	{"filter.h", always, ""},
	{"names.h", with_names, "with -d"},
	{"columns.h", always, ""},
	{"socket.h", always, ""},
	{"connect.h", always, ""},
	{"outcome.h", with_result, "with -r"},
	{"asked_kprobe.c", asked_with_kprobes, "with -d or the column asked, and kprobes"},
	{"asked_cgroup.c", asked_with_sockops, "with -d or the column asked, and sockops"},
	{"connect_kprobe.c", with_kprobes, "with kprobes (--attach kprobe)"},
	{"connect_sockops.c", with_sockops, "with sockops (--attach sockops)"},
	{"dns.h", dns_wire, "with -d, unless --dns-source libc"},
	{"dns_kprobe.c", dns_with_kprobes, "with -d and kprobes (--attach kprobe)"},
	{"dns_asked.c", dns_with_kprobes, "with -d and kprobes (--attach kprobe)"},
	{"dns_asker.c", dns_wire, "with -d, unless --dns-source libc"},
	{"dns_cgroup.c", dns_wire, "with -d, unless --dns-source libc"},
	{"dns_libc.c", dns_libc, "with -d, unless --dns-source wire"},
	{"processes.c", dns_libc, "with -d, unless --dns-source wire"},
};

#define PROBE_FILES (sizeof(probe_files) / sizeof(probe_files[0]))

static int join(char path[PATH_MAX], const char *directory, const char *name)
{
	return snprintf(path, PATH_MAX, "%s/%s", directory, name) < PATH_MAX ? 0 : -ENAMETOOLONG;
}

/* Checks all that are needed before one is read, so that one message names them all. */
static int check_trust(const struct options *options, const char *directory, const char **names,
		       char (*resolved)[PATH_MAX], size_t *count)
{
	char path[PATH_MAX], why[PATH_MAX + 128], first[PATH_MAX + 128] = "";
	char others[PROBE_FILES * 32] = "";
	int err = 0;

	for (size_t i = 0; i < PROBE_FILES; i++) {
		const char *name = probe_files[i].name;
		int refused;

		if (!probe_files[i].needed(options))
			continue;
		refused = join(path, directory, name);
		if (!refused)
			refused = trust__path(path, resolved[*count], why, sizeof(why));
		names[(*count)++] = name;
		if (!refused)
			continue;
		if (!err)
			memcpy(first, why, sizeof(first));
		else if (refused == -EPERM && strcmp(why, first) != 0) /* not of the directory */
			snprintf(others + strlen(others), sizeof(others) - strlen(others), "%s%s",
				 others[0] ? ", " : "; so are ", name);
		if (!err)
			err = refused;
	}
	if (err == -ENAMETOOLONG)
		warnx("%s: the path of the probes is too long", directory);
	else if (err && err != -EPERM)
		warnx("probe not used: %s%s", first,
		      err == -ENOENT ? "; name the directory of the probes with --probes DIR" : "");
	else if (err)
		warnx("probes not used: %s%s; all at once: sudo chown -R root: %s && sudo chmod -R "
		      "go-w %s",
		      first, others, directory, directory);
	return err;
}

static int append_file(FILE *text, const char *path, const char *name)
{
	char *bytes = NULL;
	size_t size = 0;
	int err = file__read(path, PROBE_FILE_MAX, &bytes, &size);

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

int probe_files__append(const struct options *options, const char *directory, FILE *text)
{
	char(*resolved)[PATH_MAX] = calloc(PROBE_FILES, sizeof(*resolved));
	const char *names[PROBE_FILES];
	size_t count = 0;
	int err;

	if (!resolved) {
		warnx("out of memory");
		return -ENOMEM;
	}
	err = check_trust(options, directory, names, resolved, &count);
	for (size_t i = 0; i < count && !err; i++)
		err = append_file(text, resolved[i], names[i]);
	free(resolved);
	return err;
}

static const struct probe_file *find_file(const char *name)
{
	for (size_t i = 0; i < PROBE_FILES; i++)
		if (strcmp(probe_files[i].name, name) == 0)
			return &probe_files[i];
	return NULL;
}

static bool is_edited(const char *directory, const char *installed, const char *name)
{
	char path[PATH_MAX], original[PATH_MAX], *bytes = NULL, *others = NULL;
	size_t size = 0, other_size = 0;
	bool edited = join(path, directory, name) == 0 && join(original, installed, name) == 0 &&
		      file__read(path, PROBE_FILE_MAX, &bytes, &size) == 0 &&
		      file__read(original, PROBE_FILE_MAX, &others, &other_size) == 0 &&
		      (size != other_size || memcmp(bytes, others, size) != 0);

	free(bytes);
	free(others);
	return edited;
}

void probe_files__warn_unread(const struct options *options, const char *directory,
			      const char *installed)
{
	DIR *listing = opendir(directory);
	struct dirent *entry;

	while (listing && (entry = readdir(listing)) != NULL) {
		const struct probe_file *file = find_file(entry->d_name);

		if (!file && fnmatch("[!.]*.[ch]", entry->d_name, 0) == 0)
			warnx("warning: %s/%s is not read: put what it has into one of the probe's "
			      "own files, say filter.h",
			      directory, entry->d_name);
		else if (file && !file->needed(options) &&
			 is_edited(directory, installed, entry->d_name))
			warnx("warning: %s/%s was edited and is not read: it is %s", directory,
			      entry->d_name, file->when);
	}
	if (listing)
		closedir(listing);
}
