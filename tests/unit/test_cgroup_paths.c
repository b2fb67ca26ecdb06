// SPDX-License-Identifier: Apache-2.0
/* Cgroups are made in this machine's hierarchy, all of them below one, and removed again. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "test.h"
#include "trace/cgroup_paths.h"
#include "trace/cgroup_root.h"

/* More than the second for which a miss is remembered, and between two walks. */
#define A_SECOND 1100

#define KEPT 4096

/* No cgroup has had it, nor will soon. */
#define NO_ID (UINT64_MAX / 2)

struct hierarchy {
	int top;       /* the cgroup that all others are made in */
	char name[64]; /* its path, with the slash */
	int root;
	struct cgroup_paths *paths;
};

int __real_open_by_handle_at(int mount, struct file_handle *handle, int flags);
int __wrap_open_by_handle_at(int mount, struct file_handle *handle, int flags);

static unsigned int handles_opened;
static const char *removed_behind_the_next; /* path from the root of the hierarchy on */

int __wrap_open_by_handle_at(int mount, struct file_handle *handle, int flags)
{
	int fd = __real_open_by_handle_at(mount, handle, flags);

	handles_opened++;
	if (removed_behind_the_next)
		assert_int_equal(unlinkat(mount, removed_behind_the_next, AT_REMOVEDIR), 0);
	removed_behind_the_next = NULL;
	return fd;
}

static void remove_below(int fd)
{
	DIR *directory = fdopendir(fd);
	const struct dirent *entry;

	assert_non_null(directory);
	while ((entry = readdir(directory)) != NULL) {
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		remove_below(openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY));
		unlinkat(fd, entry->d_name, AT_REMOVEDIR);
	}
	closedir(directory);
}

static int make_hierarchy(void **state)
{
	struct hierarchy *hierarchy = calloc(1, sizeof(*hierarchy));
	bool whole;

	*state = hierarchy;
	if (!hierarchy)
		return -1;
	handles_opened = 0;
	hierarchy->root = cgroup_root__open(&whole);
	hierarchy->top = -1;
	snprintf(hierarchy->name, sizeof(hierarchy->name), "/tcpconnect-test-%d", getpid());
	if (hierarchy->root < 0 || mkdirat(hierarchy->root, hierarchy->name + 1, 0755) != 0)
		return 0;
	hierarchy->top = openat(hierarchy->root, hierarchy->name + 1, O_RDONLY | O_DIRECTORY);
	return hierarchy->top < 0 ? -1 : 0;
}

static int remove_hierarchy(void **state)
{
	struct hierarchy *hierarchy = *state;

	cgroup_paths__free(hierarchy->paths);
	if (hierarchy->top >= 0) {
		remove_below(hierarchy->top);
		unlinkat(hierarchy->root, hierarchy->name + 1, AT_REMOVEDIR);
	}
	if (hierarchy->root >= 0)
		close(hierarchy->root);
	free(hierarchy);
	return 0;
}

static void skip_without_cgroups(const struct hierarchy *hierarchy)
{
	if (hierarchy->top >= 0)
		return;
	print_message("no cgroup of version 2 can be made here\n");
	skip();
}

/* Give up capabilities or, with `~`, take them back. */
static void set_effective(uint32_t drop)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[2];

	assert_int_equal(syscall(SYS_capget, &header, sets), 0);
	sets[0].effective = sets[0].permitted & ~drop;
	assert_int_equal(syscall(SYS_capset, &header, sets), 0);
}

static void open_paths_without(struct hierarchy *hierarchy, uint32_t capabilities)
{
	int err;

	skip_without_cgroups(hierarchy);
	set_effective(capabilities);
	err = cgroup_paths__new(&hierarchy->paths);
	if (err == -EPERM && capabilities & 1U << CAP_SYS_ADMIN) {
		set_effective(0);
		print_message("cgroup v2 is not mounted\n");
		skip();
	}
	assert_int_equal(err, 0);
}

static void open_paths(struct hierarchy *hierarchy)
{
	open_paths_without(hierarchy, 0);
}

static uint64_t id_of(int directory, const char *name)
{
	struct stat status;

	assert_int_equal(fstatat(directory, name, &status, AT_EMPTY_PATH), 0);
	return status.st_ino;
}

static uint64_t make(const struct hierarchy *hierarchy, const char *name)
{
	assert_int_equal(mkdirat(hierarchy->top, name, 0755), 0);
	return id_of(hierarchy->top, name);
}

static void remove_again(const struct hierarchy *hierarchy, const char *name)
{
	assert_int_equal(unlinkat(hierarchy->top, name, AT_REMOVEDIR), 0);
}

static void assert_path(const struct hierarchy *hierarchy, uint64_t id, const char *name)
{
	const char *path = cgroup_paths__find(hierarchy->paths, id);
	char expected[PATH_MAX];

	snprintf(expected, sizeof(expected), "%s/%s", hierarchy->name, name);
	assert_non_null(path);
	assert_string_equal(path, expected);
}

static void assert_unknown(const struct hierarchy *hierarchy, uint64_t id)
{
	const char *path = cgroup_paths__find(hierarchy->paths, id);

	if (path)
		fail_msg("path: %s", path);
}

static void sleep_ms(long ms)
{
	const struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

	nanosleep(&time, NULL);
}

static void the_root_is_a_slash(void **state)
{
	struct hierarchy *hierarchy = *state;
	const char *path;

	open_paths(hierarchy);
	path = cgroup_paths__find(hierarchy->paths, id_of(hierarchy->root, ""));
	assert_non_null(path);
	assert_string_equal(path, "/");
}

static void one_made_later_is_found(void **state)
{
	struct hierarchy *hierarchy = *state;
	uint64_t outer, inner;

	open_paths(hierarchy);
	outer = make(hierarchy, "outer");
	inner = make(hierarchy, "outer/a b\xff\\x2d\t.service");
	assert_path(hierarchy, inner, "outer/a b\xff\\x2d\t.service");
	assert_path(hierarchy, outer, "outer");
}

static void one_that_is_gone_stays_known(void **state)
{
	struct hierarchy *hierarchy = *state;
	uint64_t known, late;

	open_paths(hierarchy);
	known = make(hierarchy, "known");
	late = make(hierarchy, "late");
	assert_path(hierarchy, known, "known");
	remove_again(hierarchy, "known");
	remove_again(hierarchy, "late");
	assert_path(hierarchy, known, "known");
	assert_unknown(hierarchy, late);
	/* another one of that name is another one */
	assert_path(hierarchy, make(hierarchy, "late"), "late");
	assert_unknown(hierarchy, late);
}

static void one_that_goes_meanwhile_has_its_own_name(void **state)
{
	struct hierarchy *hierarchy = *state;
	uint64_t odd, brief;
	char path[128];

	open_paths(hierarchy);
	odd = make(hierarchy, "odd (deleted)");
	brief = make(hierarchy, "brief");
	assert_path(hierarchy, odd, "odd (deleted)");
	snprintf(path, sizeof(path), "%s/brief", hierarchy->name + 1);
	removed_behind_the_next = path;
	assert_path(hierarchy, brief, "brief");
}

static void a_miss_is_remembered_for_a_second(void **state)
{
	struct hierarchy *hierarchy = *state;

	open_paths(hierarchy);
	for (int i = 0; i < 1000; i++)
		assert_unknown(hierarchy, NO_ID);
	assert_int_equal(handles_opened, 1);
	sleep_ms(A_SECOND);
	assert_unknown(hierarchy, NO_ID);
	assert_int_equal(handles_opened, 2);
}

static void the_one_unused_for_longest_goes(void **state)
{
	struct hierarchy *hierarchy = *state;
	uint64_t used, unused;

	open_paths(hierarchy);
	used = make(hierarchy, "used");
	unused = make(hierarchy, "unused");
	assert_path(hierarchy, used, "used");
	assert_path(hierarchy, unused, "unused");
	remove_again(hierarchy, "used");
	remove_again(hierarchy, "unused");
	for (uint64_t i = 0; i < KEPT - 2; i++)
		assert_unknown(hierarchy, NO_ID + i);
	assert_path(hierarchy, used, "used");
	assert_unknown(hierarchy, NO_ID + KEPT);
	assert_path(hierarchy, used, "used");
	assert_unknown(hierarchy, unused);
}

/* Without CAP_SYS_ADMIN the root is where it is mounted, and paths have that before them. */
static void the_place_of_the_mount_is_not_in_it(void **state)
{
	struct hierarchy *hierarchy = *state;
	const char *path;

	open_paths_without(hierarchy, 1U << CAP_SYS_ADMIN);
	assert_path(hierarchy, make(hierarchy, "mounted"), "mounted");
	path = cgroup_paths__find(hierarchy->paths, id_of(hierarchy->root, ""));
	assert_non_null(path);
	assert_string_equal(path, "/");
	set_effective(0);
}

static void walk_and_compare(struct hierarchy *hierarchy)
{
	uint64_t inner, unasked, later;
	const char *path;

	make(hierarchy, "outer");
	inner = make(hierarchy, "outer/inner");
	unasked = make(hierarchy, "unasked");
	assert_path(hierarchy, inner, "outer/inner");
	path = cgroup_paths__find(hierarchy->paths, id_of(hierarchy->root, ""));
	assert_non_null(path);
	assert_string_equal(path, "/");
	remove_again(hierarchy, "unasked");
	assert_path(hierarchy, unasked, "unasked");
	/* not twice within a second */
	later = make(hierarchy, "later");
	assert_unknown(hierarchy, later);
	sleep_ms(A_SECOND);
	assert_path(hierarchy, later, "later");
}

static void without_the_capability_it_walks(void **state)
{
	struct hierarchy *hierarchy = *state;

	open_paths_without(hierarchy, 1U << CAP_DAC_READ_SEARCH);
	walk_and_compare(hierarchy);
	set_effective(0);
}

static void without_any_it_walks_what_is_mounted(void **state)
{
	struct hierarchy *hierarchy = *state;

	open_paths_without(hierarchy, 1U << CAP_SYS_ADMIN | 1U << CAP_DAC_READ_SEARCH);
	walk_and_compare(hierarchy);
	set_effective(0);
}

/* 32 bytes a level; returns the id of the last. */
static uint64_t make_deep(const struct hierarchy *hierarchy, int levels)
{
	int fd = openat(hierarchy->top, ".", O_RDONLY | O_DIRECTORY);
	uint64_t id;

	for (int i = 0; i < levels; i++) {
		int below;

		assert_int_equal(mkdirat(fd, "deep-deep-deep-deep-deep-deep--", 0755), 0);
		below = openat(fd, "deep-deep-deep-deep-deep-deep--", O_RDONLY | O_DIRECTORY);
		assert_true(below >= 0);
		close(fd);
		fd = below;
	}
	id = id_of(fd, "");
	close(fd);
	return id;
}

static void a_path_that_is_too_long_is_none(void **state)
{
	struct hierarchy *hierarchy = *state;

	open_paths(hierarchy);
	assert_unknown(hierarchy, make_deep(hierarchy, PATH_MAX / 32));
	sleep_ms(A_SECOND);
	assert_path(hierarchy, make(hierarchy, "short"), "short");
}

static void a_walk_goes_so_deep_and_no_deeper(void **state)
{
	struct hierarchy *hierarchy = *state;
	uint64_t deepest;

	open_paths_without(hierarchy, 1U << CAP_DAC_READ_SEARCH);
	deepest = make_deep(hierarchy, 40);
	assert_unknown(hierarchy, deepest);
	remove_below(openat(hierarchy->top, ".", O_RDONLY | O_DIRECTORY));
	deepest = make_deep(hierarchy, 31);
	sleep_ms(A_SECOND);
	assert_non_null(cgroup_paths__find(hierarchy->paths, deepest));
	set_effective(0);
}

/* The exit status of a process that is in `inside` and has a cgroup namespace of its own. */
static int look_from(const struct hierarchy *hierarchy, uint64_t inside, uint64_t below,
		     uint64_t outside)
{
	int procs = openat(hierarchy->top, "inside/cgroup.procs", O_WRONLY);
	struct cgroup_paths *paths;
	const char *path;

	if (procs < 0 || write(procs, "0", 1) != 1 || unshare(CLONE_NEWCGROUP) != 0)
		return 77;
	close(procs);
	if (cgroup_paths__new(&paths) != 0)
		return 1;
	path = cgroup_paths__find(paths, inside);
	if (!path || strcmp(path, "/") != 0)
		return 2;
	path = cgroup_paths__find(paths, below);
	if (!path || strcmp(path, "/below") != 0)
		return 3;
	if (cgroup_paths__find(paths, outside) ||
	    cgroup_paths__find(paths, id_of(hierarchy->root, "")))
		return 4;
	cgroup_paths__free(paths);
	return 0;
}

static void a_namespace_shows_what_is_in_it(void **state)
{
	struct hierarchy *hierarchy = *state;
	uint64_t inside, below, outside;
	int status;
	pid_t child;

	skip_without_cgroups(hierarchy);
	inside = make(hierarchy, "inside");
	below = make(hierarchy, "inside/below");
	outside = make(hierarchy, "outside");
	child = fork();
	if (child == 0)
		_exit(look_from(hierarchy, inside, below, outside));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_hierarchy, remove_hierarchy)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_root_is_a_slash),
		TEST(one_made_later_is_found),
		TEST(one_that_is_gone_stays_known),
		TEST(one_that_goes_meanwhile_has_its_own_name),
		TEST(a_miss_is_remembered_for_a_second),
		TEST(the_one_unused_for_longest_goes),
		TEST(the_place_of_the_mount_is_not_in_it),
		TEST(without_the_capability_it_walks),
		TEST(without_any_it_walks_what_is_mounted),
		TEST(a_path_that_is_too_long_is_none),
		TEST(a_walk_goes_so_deep_and_no_deeper),
		TEST(a_namespace_shows_what_is_in_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
