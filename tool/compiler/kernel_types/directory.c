// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "directory.h"
#include "file.h"

struct directory {
	char path[PATH_MAX];
	int lifeline; /* the keeper sees its other end close */
	pid_t keeper; /* 0 below another directory, whose keeper removes this one too */
};

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *position)
{
	(void)status;
	(void)kind;
	(void)position;
	return remove(path);
}

static void remove_tree(const char *path)
{
	nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

/*
 * What the forked keeper does. It holds none of the process's descriptors, so that nobody waits for
 * it.
 */
static void keep(const char *path, int end_of_process)
{
	char byte;

	setsid();
	if (dup2(end_of_process, STDIN_FILENO) < 0)
		_exit(1);
	closefrom(STDERR_FILENO + 1);
	close(STDOUT_FILENO);
	close(STDERR_FILENO);
	if (chdir("/"))
		_exit(1);
	while (read(STDIN_FILENO, &byte, 1) < 0 && errno == EINTR)
		;
	remove_tree(path);
	_exit(0);
}

static int start_keeper(struct directory *directory)
{
	int ends[2], err;

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	directory->keeper = fork();
	if (directory->keeper == 0) {
		close(ends[1]);
		keep(directory->path, ends[0]);
	}
	err = directory->keeper < 0 ? -errno : 0;
	close(ends[0]);
	if (err)
		close(ends[1]);
	else
		directory->lifeline = ends[1];
	return err;
}

/* Without a keeper. */
static int make(const char *parent, struct directory **out)
{
	struct directory *directory = calloc(1, sizeof(*directory));
	int err = -ENAMETOOLONG;

	if (!directory)
		return -ENOMEM;
	directory->lifeline = -1;
	if (snprintf(directory->path, sizeof(directory->path), "%s/tcpconnect-XXXXXX", parent) >=
	    (int)sizeof(directory->path))
		goto err_out;
	if (!mkdtemp(directory->path)) {
		err = -errno;
		goto err_out;
	}
	*out = directory;
	return 0;

err_out:
	free(directory);
	return err;
}

int directory__make(struct directory **out)
{
	const char *parent = getenv("TMPDIR");
	struct directory *directory;
	int err = make(parent && parent[0] == '/' ? parent : "/tmp", &directory);

	if (err)
		return err;
	err = start_keeper(directory);
	if (err) {
		rmdir(directory->path);
		free(directory);
		return err;
	}
	*out = directory;
	return 0;
}

int directory__make_below(const struct directory *above, struct directory **out)
{
	return make(above->path, out);
}

const char *directory__path(const struct directory *directory)
{
	return directory->path;
}

/* Make the directories above `path`, from its character `from` on. */
static int make_parents(char *path, size_t from)
{
	char *slash;

	for (slash = strchr(path + from, '/'); slash; slash = strchr(slash + 1, '/')) {
		int err;

		*slash = '\0';
		err = mkdir(path, 0700) && errno != EEXIST ? -errno : 0;
		*slash = '/';
		if (err)
			return err;
	}
	return 0;
}

int directory__write(const struct directory *directory, const char *name, const void *bytes,
		     size_t size)
{
	char path[PATH_MAX];
	int fd, err;

	if (snprintf(path, sizeof(path), "%s/%s", directory->path, name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	err = make_parents(path, strlen(directory->path) + 1);
	if (err)
		return err;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	err = file__write_fd(fd, bytes, size);
	if (close(fd) && !err)
		err = -errno;
	return err;
}

void directory__remove(struct directory *directory)
{
	int status = -1;

	if (!directory)
		return;
	if (directory->keeper) {
		close(directory->lifeline);
		while (waitpid(directory->keeper, &status, 0) < 0 && errno == EINTR)
			;
	}
	if (status != 0) /* there is no keeper, or somebody killed it */
		remove_tree(directory->path);
	free(directory);
}
