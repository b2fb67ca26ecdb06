// SPDX-License-Identifier: Apache-2.0
#include "cgroup_keys.h"

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "cgroup_root.h"

#define KEYS_MAX 16384

/* What all processes are in where version 2 has none (cgroup_init(), kernel/cgroup/cgroup.c). */
#define ROOT_ID 1

/* The keys of a map, as they were when it was read. */
struct keys {
	unsigned int count;
	unsigned int unknown; /* no cgroup has the id */
	uint64_t first_unknown;
	bool has_root;
};

/* What cannot be looked up, for want of a capability, is taken to be there. */
static bool is_cgroup(int root, uint64_t id)
{
	int fd = cgroup_root__open_cgroup(root, id);

	if (fd >= 0)
		close(fd);
	return fd != -ESTALE;
}

static struct keys read_keys(int map, int root)
{
	uint64_t key, *previous = NULL;
	struct keys keys = {0};

	/* a map that changes meanwhile can have its first key come again: the number is bounded */
	while (keys.count < KEYS_MAX && bpf_map_get_next_key(map, previous, &key) == 0) {
		keys.count++;
		if (!is_cgroup(root, key) && keys.unknown++ == 0)
			keys.first_unknown = key;
		if (key == ROOT_ID)
			keys.has_root = true;
		previous = &key;
	}
	return keys;
}

/* Is a line of a file this one? */
static bool has_line(int directory, const char *path, const char *wanted)
{
	int fd = openat(directory, path, O_RDONLY | O_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	bool found = false;
	char line[64];

	if (!file) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	while (!found && fgets(line, sizeof(line), file))
		found = strcmp(line, wanted) == 0;
	fclose(file);
	return found;
}

/* Has version 2 processes below its root? Each cgroup of the first level tells of those below it. */
static bool is_populated(int root)
{
	int fd = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	bool populated = !directory; /* not known: then it is not said */

	if (!directory && fd >= 0)
		close(fd);
	while (directory && !populated && (entry = readdir(directory)) != NULL) {
		char path[sizeof(entry->d_name) + sizeof("/cgroup.events")];

		if (entry->d_type != DT_DIR || strcmp(entry->d_name, "..") == 0)
			continue;
		snprintf(path, sizeof(path), "%s/cgroup.events", entry->d_name);
		populated = has_line(dirfd(directory), path, "populated 1\n");
	}
	if (directory)
		closedir(directory);
	return populated;
}

/* Is this process in hierarchies of version 1? That of version 2 has the number 0, cgroups(7). */
static bool is_in_version_1(void)
{
	FILE *file = fopen("/proc/self/cgroup", "re");
	int hierarchy = 0;

	while (file && !hierarchy && fscanf(file, "%d:%*[^\n]", &hierarchy) == 1)
		;
	if (file)
		fclose(file);
	return hierarchy != 0;
}

static void report(const char *path, const struct keys *keys, bool only_version_1)
{
	char others[32] = "";

	if (keys->unknown > 1)
		snprintf(others, sizeof(others), " and %u more", keys->unknown - 1);
	if (keys->unknown)
		warnx("warning: --cgroupmap %s: the key %" PRIu64
		      "%s %s no cgroup's id now: a key is "
		      "the inode number of a directory in the cgroup v2 hierarchy%s",
		      path, keys->first_unknown, others, keys->unknown > 1 ? "are" : "is",
		      only_version_1 ? ", and on this host, which uses version 1, all processes "
				       "are in that one's root"
				     : "");
	else if (only_version_1 && !keys->has_root)
		warnx("warning: --cgroupmap %s: nothing matches now: on this host, which uses "
		      "cgroup version 1, all processes are in the root of version 2's hierarchy",
		      path);
}

void cgroup_keys__check(const char *path)
{
	int map = bpf_obj_get(path), root;
	struct keys keys;
	bool whole;

	if (map < 0)
		return; /* pinned_map__use() has said so */
	root = cgroup_root__open(&whole);
	if (root < 0)
		goto out;
	keys = read_keys(map, root);
	if (keys.count)
		report(path, &keys, whole && is_in_version_1() && !is_populated(root));
	close(root);
out:
	close(map);
}
