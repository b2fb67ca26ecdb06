// SPDX-License-Identifier: Apache-2.0
#include "cgroup_paths.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "cgroup_root.h"

#define NS_PER_S 1000000000ULL

#define CGROUPS_MAX 4096

/* Of one walk: neither a deep nor a wide hierarchy shall take all descriptors or all the time. */
#define WALK_LEVELS_MAX	 32
#define WALK_CGROUPS_MAX 65536

/* Each walk is followed by this many times its own duration without one. */
#define WALK_PAUSES 9

/* What the kernel puts behind the path of an open directory that was removed, fs/d_path.c */
#define REMOVED " (deleted)"

struct cgroup {
	uint64_t id;
	char *path;	      /* NULL: not found so far */
	uint64_t next_try_ns; /* as long as there is no path */
	UT_hash_handle hh;
};

struct cgroup_paths {
	int root;
	struct cgroup
		*cgroups; /* uthash keeps the order of adding: the one unused for longest first */
	uint64_t next_walk_ns;
};

struct walk {
	struct cgroup_paths *paths;
	unsigned int left; /* cgroups that may still be looked at */
	char path[PATH_MAX];
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static void cgroup__free(struct cgroup *cgroup)
{
	free(cgroup->path);
	free(cgroup);
}

static struct cgroup *known(const struct cgroup_paths *paths, uint64_t id)
{
	struct cgroup *cgroup;

	HASH_FIND(hh, paths->cgroups, &id, sizeof(id), cgroup);
	return cgroup;
}

/* Put a cgroup behind all others. On failure it is freed. */
static struct cgroup *append(struct cgroup_paths *paths, struct cgroup *cgroup)
{
	HASH_ADD(hh, paths->cgroups, id, sizeof(cgroup->id), cgroup);
	if (cgroup->hh.tbl)
		return cgroup;
	cgroup__free(cgroup);
	return NULL;
}

static struct cgroup *add(struct cgroup_paths *paths, uint64_t id)
{
	struct cgroup *cgroup = calloc(1, sizeof(*cgroup));

	if (!cgroup)
		return NULL;
	cgroup->id = id;
	return append(paths, cgroup);
}

static void remove_first(struct cgroup_paths *paths)
{
	struct cgroup *first = paths->cgroups;

	assert(!first->hh.prev); /* for static analysis, which can't know: the head moves on */
	HASH_DEL(paths->cgroups, first);
	cgroup__free(first);
}

/* The cgroup's entry, old or new, which is now the one used last. */
static struct cgroup *use(struct cgroup_paths *paths, uint64_t id)
{
	struct cgroup *cgroup = known(paths, id);

	if (!cgroup) {
		if (HASH_COUNT(paths->cgroups) >= CGROUPS_MAX)
			remove_first(paths);
		return add(paths, id);
	}
	if (!cgroup->hh.next)
		return cgroup;
	HASH_DEL(paths->cgroups, cgroup);
	return append(paths, cgroup);
}

static bool has_inode(int directory, const char *path, uint64_t id)
{
	struct stat status;

	return fstatat(directory, path, &status, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) == 0 &&
	       status.st_ino == id;
}

/* The path as the kernel tells it: from the root of the file system that this process sees. */
static int path_of(int fd, char path[PATH_MAX])
{
	char link[32];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, path, PATH_MAX);
	if (length < 0)
		return -errno;
	if (length == PATH_MAX)
		return -ENAMETOOLONG;
	path[length] = '\0';
	return 0;
}

static void cut_removed(int root, uint64_t id, char *path)
{
	size_t length = strlen(path);

	/* a cgroup may be named so */
	if (length <= strlen(REMOVED) || strcmp(path + length - strlen(REMOVED), REMOVED) != 0 ||
	    has_inode(root, path + 1, id))
		return;
	path[length - strlen(REMOVED)] = '\0';
}

/*
 * A path begins with that of the mount that the root was opened through. That is "/" when it is
 * mounted nowhere. Outside of what is mounted, the kernel goes no further than "/" either, so the
 * root's path is believed for the root only.
 */
static int path_below(int root, int fd, uint64_t id, char path[PATH_MAX])
{
	char mount[PATH_MAX];
	size_t skip;
	int err = path_of(root, mount);

	if (!err)
		err = path_of(fd, path);
	if (err)
		return err;
	skip = strcmp(mount, "/") == 0 ? 0 : strlen(mount);
	if (strncmp(path, mount, skip) != 0)
		return -ESTALE;
	if (path[skip] == '\0' || strcmp(path + skip, "/") == 0) {
		strcpy(path, "/");
		return has_inode(root, "", id) ? 0 : -ESTALE;
	}
	if (path[skip] != '/')
		return -ESTALE;
	memmove(path, path + skip, strlen(path + skip) + 1);
	cut_removed(root, id, path);
	return 0;
}

/* -ESTALE: there is no such cgroup, or it is outside of what is mounted. */
static int path_by_handle(int root, uint64_t id, char path[PATH_MAX])
{
	int fd = cgroup_root__open_cgroup(root, id), err;

	if (fd < 0)
		return fd;
	err = path_below(root, fd, id, path);
	close(fd);
	return err;
}

/* What the walk came by: somebody has asked for it, or may ask later. */
static void learn(struct cgroup_paths *paths, uint64_t id, const char *path)
{
	struct cgroup *cgroup = known(paths, id);

	if (!cgroup && HASH_COUNT(paths->cgroups) < CGROUPS_MAX)
		cgroup = add(paths, id);
	if (cgroup && !cgroup->path)
		cgroup->path = strdup(path);
}

/* Takes over the descriptor of the directory whose path is the first `length` bytes. */
static void walk__directory(struct walk *walk, int fd, size_t length, unsigned int level)
{
	DIR *directory = fdopendir(fd);
	const struct dirent *entry;

	if (!directory) {
		close(fd);
		return;
	}
	while (walk->left > 0 && (entry = readdir(directory)) != NULL) {
		size_t size = strlen(entry->d_name) + 1;

		if (entry->d_type != DT_DIR || strcmp(entry->d_name, ".") == 0 ||
		    strcmp(entry->d_name, "..") == 0 || length + 1 + size > sizeof(walk->path))
			continue;
		walk->left--;
		walk->path[length] = '/';
		memcpy(walk->path + length + 1, entry->d_name, size);
		learn(walk->paths, entry->d_ino, walk->path);
		if (level == WALK_LEVELS_MAX)
			continue;
		fd = openat(dirfd(directory), entry->d_name,
			    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd >= 0)
			walk__directory(walk, fd, length + size, level + 1);
	}
	closedir(directory);
}

static void learn_all(struct cgroup_paths *paths)
{
	struct walk walk = {.paths = paths, .left = WALK_CGROUPS_MAX};
	int fd = openat(paths->root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat status;

	if (fd < 0)
		return;
	if (fstat(fd, &status) == 0)
		learn(paths, status.st_ino, "/");
	walk__directory(&walk, fd, 0, 1);
}

static void learn_all_at_times(struct cgroup_paths *paths, uint64_t start_ns)
{
	uint64_t end_ns, pause_ns;

	if (start_ns < paths->next_walk_ns)
		return;
	learn_all(paths);
	end_ns = now_ns();
	pause_ns = WALK_PAUSES * (end_ns - start_ns);
	paths->next_walk_ns = end_ns + (pause_ns > NS_PER_S ? pause_ns : NS_PER_S);
}

static void look_up(struct cgroup_paths *paths, struct cgroup *cgroup, uint64_t time_ns)
{
	char path[PATH_MAX];
	int err = path_by_handle(paths->root, cgroup->id, path);

	if (!err)
		cgroup->path = strdup(path);
	else if (err != -ESTALE)
		learn_all_at_times(paths, time_ns);
}

int cgroup_paths__new(struct cgroup_paths **paths)
{
	struct cgroup_paths *new = calloc(1, sizeof(*new));
	bool whole;

	if (!new)
		return -ENOMEM;
	new->root = cgroup_root__open(&whole);
	if (new->root < 0) {
		int err = new->root;

		free(new);
		return err;
	}
	*paths = new;
	return 0;
}

void cgroup_paths__free(struct cgroup_paths *paths)
{
	if (!paths)
		return;
	while (paths->cgroups)
		remove_first(paths);
	close(paths->root);
	free(paths);
}

const char *cgroup_paths__find(struct cgroup_paths *paths, uint64_t id)
{
	struct cgroup *cgroup = use(paths, id);
	uint64_t time_ns;

	if (!cgroup || cgroup->path)
		return cgroup ? cgroup->path : NULL;
	time_ns = now_ns();
	if (time_ns >= cgroup->next_try_ns) {
		cgroup->next_try_ns = time_ns + NS_PER_S;
		look_up(paths, cgroup, time_ns);
	}
	return cgroup->path;
}
