// SPDX-License-Identifier: Apache-2.0
#include "kernel_files.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "file.h"
#include "trust.h"

#define KHEADERS     "/sys/kernel/kheaders.tar.xz"
#define KHEADERS_MAX (64 << 20)

extern char **environ;

/* Could others change what is included? Each directory that clang looks through is one to ask of. */
static int check_trust(const struct header_trees *trees, char *why, size_t why_size)
{
	char resolved[PATH_MAX];
	int err = trust__path(trees->build, resolved, why, why_size);

	if (!err)
		err = trust__path(trees->source, resolved, why, why_size);
	for (size_t i = 0; i < trees->search_count && !err; i++)
		if (access(trees->search[i], F_OK) == 0)
			err = trust__path(trees->search[i], resolved, why, why_size);
	return err;
}

static void find_headers(const struct kernel_types_source *source, bool as_root,
			 struct kernel_files *files)
{
	files->headers = header_trees__find(source->headers, source->release, source->machine,
					    &files->trees);
	if (files->headers || !as_root)
		return;
	if (check_trust(&files->trees, files->distrust, sizeof(files->distrust)) == 0)
		files->distrust[0] = '\0';
	else if (!source->headers)
		files->headers = -EPERM;
}

void kernel_files__find(const struct kernel_types_source *source, bool as_root,
			struct kernel_files *files)
{
	*files = (struct kernel_files){.btf = -ENOENT, .archive = -ENOENT};
	if (source->btf) {
		files->btf = open(source->btf, O_RDONLY | O_CLOEXEC);
		if (files->btf < 0)
			files->btf = -errno;
	}
	find_headers(source, as_root, files);
}

/* Run a program without its output; 0, -EIO when it fails, or a negative errno. */
static int run(char *const argv[], int input)
{
	posix_spawn_file_actions_t actions;
	int status, err;
	pid_t pid;

	err = posix_spawn_file_actions_init(&actions);
	if (err)
		return -err;
	err = posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	if (!err)
		err = posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
	if (!err && input >= 0)
		err = posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
	if (!err)
		err = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (err)
		return -err;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return status ? -EIO : 0;
}

/* A memory file with the same bytes, or a negative errno. */
static int copy(const char *path)
{
	char *bytes = NULL;
	size_t size;
	int err = file__read(path, KHEADERS_MAX, &bytes, &size);
	int fd = err ? -1 : memfd_create("kheaders", MFD_CLOEXEC);

	if (!err && fd < 0)
		err = -errno;
	if (!err)
		err = file__write_fd(fd, bytes, size);
	if (!err && lseek(fd, 0, SEEK_SET) != 0)
		err = -errno;
	free(bytes);
	if (err && fd >= 0)
		close(fd);
	return err ? err : fd;
}

void kernel_files__take_archive(const struct kernel_types_source *source,
				struct kernel_files *files)
{
	bool loaded = false;

	if (!types_tree__runs(source->release) || source->headers || files->headers == 0)
		return;
	if (access(KHEADERS, R_OK)) /* a module may bring them (CONFIG_IKHEADERS=m) */
		loaded = !run((char *[]){"modprobe", "-q", "kheaders", NULL}, -1);
	files->archive = copy(KHEADERS);
	if (loaded)
		run((char *[]){"modprobe", "-q", "-r", "kheaders", NULL}, -1);
}

void kernel_files__unpack(struct kernel_files *files, const struct directory *directory)
{
	char path[PATH_MAX];
	int err = 0;

	if (files->archive < 0)
		return;
	if (snprintf(path, sizeof(path), "%s/kheaders", directory__path(directory)) >=
	    (int)sizeof(path))
		err = -ENAMETOOLONG;
	else if (mkdir(path, 0700) != 0)
		err = -errno;
	else
		err = run((char *[]){"tar", "-xJf", "-", "--no-same-owner", "-C", path, NULL},
			  files->archive);
	close(files->archive);
	files->archive = err ? err : -ENOENT;
	if (!err)
		memcpy(files->kheaders, path, sizeof(path));
}

static void add_path(struct kernel_paths *paths, const char *path)
{
	paths->list[paths->count++] = path;
}

void kernel_files__list_paths(const struct kernel_types_source *source,
			      const struct kernel_files *files, struct kernel_paths *paths)
{
	static const char *const for_tar[] = {"/usr", "/bin", "/lib", "/lib64", "/etc/ld.so.cache"};

	paths->count = 0;
	snprintf(paths->config, sizeof(paths->config), "/boot/config-%s", source->release);
	snprintf(paths->modules, sizeof(paths->modules), "/lib/modules/%s", source->release);
	add_path(paths, paths->config);
	add_path(paths, paths->modules);
	if (files->headers == 0) {
		add_path(paths, files->trees.build);
		add_path(paths, files->trees.source);
	}
	for (size_t i = 0; files->archive >= 0 && i < sizeof(for_tar) / sizeof(for_tar[0]); i++)
		add_path(paths, for_tar[i]);
}

void kernel_files__close(struct kernel_files *files)
{
	if (files->btf >= 0)
		close(files->btf);
	if (files->archive >= 0)
		close(files->archive);
	header_trees__free(&files->trees);
	files->btf = files->archive = -EBADF;
}
