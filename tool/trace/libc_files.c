// SPDX-License-Identifier: Apache-2.0
#include "libc_files.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

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

/* A path as a process has it: links, also absolute ones, lead nowhere outside of its root. */
static int open_within(int root, const char *path, uint64_t flags)
{
	struct open_how how = {.flags = flags | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT};

	return (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
}

static int open_root(const char *pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%s/root", pid);
	return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/*
 * Keeps an ordinary file that is not there yet. Whatever else has the name, say a device, is not
 * opened.
 */
static void take(struct search *search, int root, const char *path)
{
	struct libc_files *files = search->files;
	int fd = files->count < LIBC_FILES_MAX ? open_within(root, path, O_PATH) : -1;
	struct stat status;

	if (fd < 0)
		return;
	if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
		goto out;
	for (size_t i = 0; i < files->count; i++)
		if (search->seen[i].st_dev == status.st_dev &&
		    search->seen[i].st_ino == status.st_ino)
			goto out;
	search->seen[files->count] = status;
	files->fds[files->count++] = fd;
	return;
out:
	close(fd);
}

/*
 * What a process has mapped: the path begins with the first slash of a line of /proc/PID/maps. Is a
 * libc there?
 */
static bool search_process(struct search *search, const char *pid, int root)
{
	char path[64], line[PATH_MAX + 128];
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
		take(search, root, library);
	}
	if (maps)
		fclose(maps);
	return found;
}

/* Beside glibc, musl may be there for programs that do not run yet. */
static void search_root(struct search *search, int root)
{
	int fd = open_within(root, "/lib", O_RDONLY | O_DIRECTORY);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!directory && fd >= 0)
		close(fd);
	while (directory && (entry = readdir(directory)) != NULL) {
		char path[NAME_MAX + sizeof("/lib/")];

		snprintf(path, sizeof(path), "/lib/%s", entry->d_name);
		if (fnmatch("ld-musl-*.so.1", entry->d_name, 0) == 0)
			take(search, root, path);
	}
	if (directory)
		closedir(directory);
}

/* Is there a libc in this process's mount namespace? */
static bool search_namespace(struct search *search, const char *pid)
{
	int root = open_root(pid);
	bool found = root >= 0 && search_process(search, pid, root);

	if (found)
		search_root(search, root);
	if (root >= 0)
		close(root);
	return found;
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
	search_namespace(&search, "self");
	while (processes && (entry = readdir(processes)) != NULL) {
		if (!isdigit((unsigned char)entry->d_name[0]) ||
		    !new_namespace(&search, entry->d_name))
			continue;
		if (!search_namespace(&search, entry->d_name))
			/* a kernel thread or a static program: ask the next */
			search.namespace_count--;
	}
	if (processes)
		closedir(processes);
}

void libc_files__close(struct libc_files *files)
{
	while (files->count)
		close(files->fds[--files->count]);
}
