// SPDX-License-Identifier: Apache-2.0
#include "libc_files.h"

#include <ctype.h>
#include <dirent.h>
#include <fnmatch.h>
#include <glob.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Mount namespaces whose processes have been looked at. */
#define NAMESPACES_MAX 256

struct search {
	struct libc_files *files;
	struct stat seen[LIBC_FILES_MAX]; /* of files->paths, to take each file once */
	ino_t namespaces[NAMESPACES_MAX];
	size_t namespace_count;
};

static bool is_libc(const char *path)
{
	/* glibc since 2.34 and before, musl by its own name, as Alpine and as Debian install it */
	static const char *const patterns[] = {"libc.so.6", "libc-2.*.so", "ld-musl-*.so.1",
					       "libc.musl-*.so.1", "libc.so"};
	const char *name = strrchr(path, '/');

	for (size_t i = 0; name && i < sizeof(patterns) / sizeof(patterns[0]); i++)
		if (fnmatch(patterns[i], name + 1, 0) == 0)
			return true;
	return false;
}

static void take(struct search *search, const char *path)
{
	struct libc_files *files = search->files;
	struct stat status;

	if (files->count == LIBC_FILES_MAX || stat(path, &status) != 0)
		return;
	for (size_t i = 0; i < files->count; i++)
		if (search->seen[i].st_dev == status.st_dev &&
		    search->seen[i].st_ino == status.st_ino)
			return;
	files->paths[files->count] = strdup(path);
	if (files->paths[files->count])
		search->seen[files->count++] = status;
}

/* What a process has mapped: the path begins with the first slash of a line of /proc/PID/maps. Is a
 * libc there? */
static bool search_process(struct search *search, const char *pid)
{
	char path[PATH_MAX], line[PATH_MAX + 128];
	bool found = false;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%s/maps", pid);
	maps = fopen(path, "re");
	while (maps && fgets(line, sizeof(line), maps)) {
		char *library = strchr(line, '/');

		line[strcspn(line, "\n")] = '\0';
		if (!library || !is_libc(library))
			continue;
		found = true;
		if (snprintf(path, sizeof(path), "/proc/%s/root%s", pid, library) <
		    (int)sizeof(path))
			take(search, path);
	}
	if (maps)
		fclose(maps);
	return found;
}

/* Beside glibc, musl may be there for programs that do not run yet. */
static void search_root(struct search *search, const char *pid)
{
	char pattern[64];
	glob_t found;

	snprintf(pattern, sizeof(pattern), "/proc/%s/root/lib/ld-musl-*.so.1", pid);
	if (glob(pattern, 0, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc; i++)
			take(search, found.gl_pathv[i]);
	globfree(&found);
}

/* Is this process in a mount namespace of which none has been looked at? */
static bool new_namespace(struct search *search, const char *pid)
{
	char path[64];
	struct stat status;

	snprintf(path, sizeof(path), "/proc/%s/ns/mnt", pid);
	if (stat(path, &status) != 0 || search->namespace_count == NAMESPACES_MAX)
		return false;
	for (size_t i = 0; i < search->namespace_count; i++)
		if (search->namespaces[i] == status.st_ino)
			return false;
	search->namespaces[search->namespace_count++] = status.st_ino;
	return true;
}

void libc_files__find(struct libc_files *files)
{
	struct search search = {.files = files};
	DIR *processes = opendir("/proc");
	struct dirent *entry;

	files->count = 0;
	new_namespace(&search, "self");
	search_process(&search, "self");
	search_root(&search, "self");
	while (processes && (entry = readdir(processes)) != NULL) {
		if (!isdigit((unsigned char)entry->d_name[0]) ||
		    !new_namespace(&search, entry->d_name))
			continue;
		if (search_process(&search, entry->d_name))
			search_root(&search, entry->d_name);
		else /* a kernel thread or a static program: ask the next */
			search.namespace_count--;
	}
	if (processes)
		closedir(processes);
}

void libc_files__free(struct libc_files *files)
{
	for (size_t i = 0; i < files->count; i++)
		free(files->paths[i]);
	files->count = 0;
}
