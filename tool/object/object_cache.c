// SPDX-License-Identifier: Apache-2.0
#include "object_cache.h"

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "maker.h"
#include "object.h"
#include "object_sections.h"
#include "trust.h"

#define SUFFIX ".o"

/* FNV-1a, 64 bits: it spreads file names, and nothing is believed of it. */
static uint64_t hash(uint64_t state, const char *string)
{
	for (; *string; string++)
		state = (state ^ (uint8_t)*string) * 0x100000001b3;
	return state;
}

/* Where the object of a text is, or will be, in a directory that only trusted users can change. */
static int object_path(const struct object_cache *cache, const char *text,
		       const struct kernel_identity *kernel, char path[PATH_MAX], char *why,
		       size_t why_size)
{
	char lines[KERNEL_IDENTITY_MAX], directory[PATH_MAX];
	int length, err = trust__path(cache->directory, directory, why, why_size);

	if (err)
		return err;

	kernel_identity__write(kernel, lines, sizeof(lines));
	length = snprintf(path, PATH_MAX, "%s/%016llx" SUFFIX, directory,
			  (unsigned long long)hash(hash(0xcbf29ce484222325, lines), text));
	return length < PATH_MAX ? 0 : -ENAMETOOLONG;
}

/* An ordinary file with one name, which only trusted users can change. */
static int check_file(int fd, const char *path, char *why, size_t why_size)
{
	struct stat status;

	if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || status.st_nlink != 1) {
		snprintf(why, why_size, "%s is no ordinary file of one name", path);
		return -EPERM;
	}
	return trust__status(&status, path, why, why_size);
}

/* Was this object compiled from this text, for this kernel, by what would compile it now? */
static bool matches(const char *object, size_t size, const struct object_cache *cache,
		    const char *text, const struct kernel_identity *kernel)
{
	struct kernel_identity found;
	const char *section;
	size_t length;

	return object__section(object, size, OBJECT_TEXT_SECTION, &section, &length) == 0 &&
	       length == strlen(text) && memcmp(section, text, length) == 0 &&
	       object__kernel(object, size, &found) == 0 &&
	       strcmp(found.version, kernel->version) == 0 &&
	       kernel_identity__same(&found, kernel) &&
	       object__section(object, size, OBJECT_MAKER_SECTION, &section, &length) == 0 &&
	       maker__is_current(section, length, cache->compiler);
}

static int read_object(int fd, const char *path, const struct object_cache *cache, const char *text,
		       const struct kernel_identity *kernel, char **object, size_t *size, char *why,
		       size_t why_size)
{
	int err = check_file(fd, path, why, why_size);

	if (err)
		return err;
	err = file__read_fd(fd, OBJECT_MAX, object, size);
	if (err) {
		snprintf(why, why_size, "%s: %s", path, strerror(-err));
		return err;
	}
	err = object__check(*object, *size);
	if (err)
		snprintf(why, why_size, "%s is damaged", path);
	else if (!matches(*object, *size, cache, text, kernel)) {
		snprintf(why, why_size, "%s is of another text, kernel or compiler", path);
		err = -ENOENT;
	}
	if (err) {
		free(*object);
		*object = NULL;
	}
	return err;
}

int object_cache__find(const struct object_cache *cache, const char *text,
		       const struct kernel_identity *kernel, char **object, size_t *size)
{
	char path[PATH_MAX], why[PATH_MAX + 128] = "";
	int fd, err = object_path(cache, text, kernel, path, why, sizeof(why));

	if (err) {
		if (cache->verbose && err != -ENOENT)
			warnx("cache not used: %s", why[0] ? why : strerror(-err));
		return -ENOENT;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0) {
		if (cache->verbose && errno != ENOENT)
			warnx("cached object not used: %s: %s", path, strerror(errno));
		return -ENOENT;
	}
	err = read_object(fd, path, cache, text, kernel, object, size, why, sizeof(why));
	if (!err)
		futimens(fd, NULL); /* used now: it goes last */
	close(fd);
	if (cache->verbose)
		warnx(err ? "cached object not used: %s" : "object from the cache: %s",
		      err ? why : path);
	return err ? -ENOENT : 0;
}

struct kept {
	char name[NAME_MAX + 1];
	struct timespec used;
};

static int by_use(const void *left, const void *right)
{
	const struct timespec *a = &((const struct kept *)left)->used;
	const struct timespec *b = &((const struct kept *)right)->used;

	if (a->tv_sec != b->tv_sec)
		return a->tv_sec > b->tv_sec ? -1 : 1;
	return a->tv_nsec == b->tv_nsec ? 0 : a->tv_nsec > b->tv_nsec ? -1 : 1;
}

/* Objects, and what a killed writer left aside of one. */
static bool is_object_name(const char *name)
{
	return strspn(name, "0123456789abcdef") == 16 &&
	       strncmp(name + 16, SUFFIX, strlen(SUFFIX)) == 0;
}

static size_t list(DIR *directory, struct kept **all)
{
	size_t count = 0;
	struct dirent *entry;

	*all = NULL;
	while ((entry = readdir(directory)) != NULL) {
		struct kept *grown;
		struct stat status;

		if (!is_object_name(entry->d_name) ||
		    fstatat(dirfd(directory), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		grown = reallocarray(*all, count + 1, sizeof(*grown));
		if (!grown)
			break;
		*all = grown;
		strcpy(grown[count].name, entry->d_name);
		grown[count++].used = status.st_mtim;
	}
	return count;
}

static void drop_unused(const struct object_cache *cache)
{
	DIR *directory = opendir(cache->directory);
	struct kept *all;
	size_t count;

	if (!directory)
		return;
	count = list(directory, &all);
	if (count > OBJECT_CACHE_MAX) {
		qsort(all, count, sizeof(*all), by_use);
		for (size_t i = OBJECT_CACHE_MAX; i < count; i++)
			unlinkat(dirfd(directory), all[i].name, 0);
	}
	free(all);
	closedir(directory);
}

void object_cache__store(const struct object_cache *cache, const char *text,
			 const struct kernel_identity *kernel, const void *object, size_t size)
{
	char path[PATH_MAX], why[PATH_MAX + 128] = "";
	int err = 0;

	if (mkdir(cache->directory, 0755) != 0 && errno != EEXIST)
		err = -errno;
	if (!err)
		err = object_path(cache, text, kernel, path, why, sizeof(why));
	if (!err)
		err = file__write_aside(path, object, size);
	if (cache->verbose) {
		if (err)
			warnx("object not kept in %s: %s", cache->directory,
			      why[0] ? why : strerror(-err));
		else
			warnx("object kept: %s", path);
	}
	if (!err)
		drop_unused(cache);
}
