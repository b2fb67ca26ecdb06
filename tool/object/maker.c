// SPDX-License-Identifier: Apache-2.0
#include "maker.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define VERSION_LINE "tcpconnect " TCPCONNECT_VERSION "\n"

/* One file's line; empty when it cannot be looked at. */
static void describe_file(const char *path, char *line, size_t size)
{
	struct stat status;

	line[0] = '\0';
	if (stat(path, &status) == 0)
		snprintf(line, size, "%lld %llu %lld.%09ld %s\n", (long long)status.st_size,
			 (unsigned long long)status.st_ino, (long long)status.st_ctim.tv_sec,
			 status.st_ctim.tv_nsec, path);
}

void maker__describe(const char *const *paths, size_t count, char out[MAKER_MAX])
{
	size_t length = strlen(VERSION_LINE);

	memcpy(out, VERSION_LINE, length + 1);
	for (size_t i = 0; i < count; i++) {
		describe_file(paths[i], out + length, MAKER_MAX - length);
		length += strlen(out + length);
	}
}

static bool is_current_file(const char *line, size_t length)
{
	const char *path = memchr(line, '/', length);
	char name[PATH_MAX], now[PATH_MAX + 128];

	if (!path || (size_t)(line + length - path) >= sizeof(name))
		return false;
	memcpy(name, path, (size_t)(line + length - path));
	name[line + length - path] = '\0';
	describe_file(name, now, sizeof(now));
	return !now[0] || (strlen(now) == length + 1 && memcmp(now, line, length) == 0);
}

/* Does the first of the lines tell of this compiler, as it is now? One that is gone made any. */
static bool is_made_by(const char *compiler, const char *lines, size_t length)
{
	char path[PATH_MAX], now[PATH_MAX + 128];

	if (!realpath(compiler, path))
		return true;
	describe_file(path, now, sizeof(now));
	return strlen(now) <= length && memcmp(lines, now, strlen(now)) == 0;
}

bool maker__is_current(const char *description, size_t length, const char *compiler)
{
	size_t version = strlen(VERSION_LINE);

	if (length < version || memcmp(description, VERSION_LINE, version) != 0 ||
	    !is_made_by(compiler, description + version, length - version))
		return false;
	for (size_t at = version; at < length;) {
		const char *end = memchr(description + at, '\n', length - at);
		size_t line = end ? (size_t)(end - (description + at)) : 0;

		if (!end || !is_current_file(description + at, line))
			return false;
		at += line + 1;
	}
	return true;
}
