// SPDX-License-Identifier: Apache-2.0
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int file__read_fd(int fd, size_t limit, char **bytes, size_t *size)
{
	size_t length = 0, capacity = 16384;
	char *buffer = malloc(capacity);
	int err;

	if (!buffer)
		return -ENOMEM;
	for (;;) {
		ssize_t got = read(fd, buffer + length, capacity - length - 1);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			err = -errno;
			goto err_out;
		}
		if (got == 0)
			break;
		length += got;
		if (length > limit) {
			err = -EFBIG;
			goto err_out;
		}
		if (length + 1 == capacity) {
			char *grown = realloc(buffer, 2 * capacity);

			if (!grown) {
				err = -ENOMEM;
				goto err_out;
			}
			buffer = grown;
			capacity *= 2;
		}
	}
	buffer[length] = '\0';
	*bytes = buffer;
	*size = length;
	return 0;

err_out:
	free(buffer);
	return err;
}

int file__read(const char *path, size_t limit, char **bytes, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int err;

	if (fd < 0)
		return -errno;
	err = file__read_fd(fd, limit, bytes, size);
	close(fd);
	return err;
}

int file__write_fd(int fd, const void *bytes, size_t size)
{
	const char *next = bytes;

	while (size) {
		ssize_t written = write(fd, next, size);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -errno;
		next += written;
		size -= written;
	}
	return 0;
}

static int write_into(const char *path, const void *bytes, size_t size)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int err;

	if (fd < 0)
		return -errno;
	err = file__write_fd(fd, bytes, size);
	if (close(fd) != 0 && !err)
		err = -errno;
	return err;
}

int file__write_output(const char *path, const void *bytes, size_t size)
{
	char target[PATH_MAX];
	struct stat status;

	if (strcmp(path, "-") == 0)
		return file__write_fd(STDOUT_FILENO, bytes, size);
	if (stat(path, &status) == 0 && !S_ISREG(status.st_mode))
		return write_into(path, bytes, size);
	return file__write_aside(realpath(path, target) ? target : path, bytes, size);
}

int file__write_aside(const char *path, const void *bytes, size_t size)
{
	char aside[PATH_MAX];
	int fd, err;

	if (snprintf(aside, sizeof(aside), "%s.XXXXXX", path) >= (int)sizeof(aside))
		return -ENAMETOOLONG;
	fd = mkostemp(aside, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = file__write_fd(fd, bytes, size);
	if (!err && fchmod(fd, 0644) != 0)
		err = -errno;
	if (close(fd) != 0 && !err)
		err = -errno;
	if (!err && rename(aside, path) != 0)
		err = -errno;
	if (err)
		unlink(aside);
	return err;
}
