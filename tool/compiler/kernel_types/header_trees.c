// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "header_trees.h"

#define LINE_LIMIT 4096
#define FILE_LIMIT (1 << 20)

static bool has(const char *directory, const char *file)
{
	char path[PATH_MAX];

	return snprintf(path, sizeof(path), "%s/%s", directory, file) < (int)sizeof(path) &&
	       !access(path, R_OK);
}

static bool is_source(const char *directory)
{
	return has(directory, "include/linux/kconfig.h");
}

static bool is_build(const char *directory)
{
	return has(directory, "include/generated/autoconf.h");
}

/* The directory if it is one of that kind, with its links resolved, for free(); else NULL. */
__attribute__((format(printf, 2, 3))) static char *directory_if(bool (*is_kind)(const char *),
								const char *format, ...)
{
	char path[PATH_MAX];
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(path, sizeof(path), format, arguments);
	va_end(arguments);
	return length < (int)sizeof(path) && is_kind(path) ? realpath(path, NULL) : NULL;
}

/* Whoever made a tree may have put a pipe there, of which nobody sees the end. */
static int read_text(const char *path, size_t limit, char **text, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat status;
	int err;

	if (fd < 0)
		return -errno;
	err = fstat(fd, &status) == 0 && S_ISREG(status.st_mode) ? 0 : -EINVAL;
	if (!err)
		err = file__read_fd(fd, limit, text, size);
	close(fd);
	return err;
}

/*
 * A build tree's Makefile says `include SOURCE/Makefile`. Where the pair was unpacked elsewhere,
 * the source tree is beside the build tree as it would have been there.
 */
static char *source_by_makefile(const char *build)
{
	char path[PATH_MAX], *text, *line, *state, *source = NULL;
	size_t size;

	if (snprintf(path, sizeof(path), "%s/Makefile", build) >= (int)sizeof(path) ||
	    read_text(path, FILE_LIMIT, &text, &size))
		return NULL;
	for (line = strtok_r(text, "\n", &state); line && !source;
	     line = strtok_r(NULL, "\n", &state)) {
		char included[LINE_LIMIT];

		if (sscanf(line, "include %4095s", included) != 1 ||
		    strcmp(basename(included), "Makefile") != 0)
			continue;
		dirname(included);
		if (included[0] == '/') {
			source = directory_if(is_source, "%s/../%s", build,
					      strrchr(included, '/') + 1);
			if (!source)
				source = directory_if(is_source, "%s", included);
		} else {
			source = directory_if(is_source, "%s/%s", build, included);
		}
	}
	free(text);
	return source;
}

static char *source_of(const char *build, const char *release)
{
	char *source = source_by_makefile(build);

	if (!source) /* what `make O=` leaves */
		source = directory_if(is_source, "%s/source", build);
	if (!source)
		source = directory_if(is_source, "/lib/modules/%s/source", release);
	return source;
}

static char *build_of(const char *source, const char *release)
{
	char *build = directory_if(is_build, "%s/../linux-headers-%s", source, release);

	return build ? build : directory_if(is_build, "/lib/modules/%s/build", release);
}

/*
 * Which kernel a build tree is for: `6.1.0-56-amd64`, for free(); NULL if it does not say. The
 * header speaks first: Debian's kernel.release has the version of the source, 6.1.192.
 */
static char *release_of(const char *build)
{
	static const char definition[] = "#define UTS_RELEASE \"";
	char path[PATH_MAX], *text, *release = NULL;
	size_t size;

	snprintf(path, sizeof(path), "%s/include/generated/utsrelease.h", build);
	if (!read_text(path, LINE_LIMIT, &text, &size)) {
		char *start = strstr(text, definition);

		if (start) {
			start += strlen(definition);
			release = strndup(start, strcspn(start, "\"\n"));
		}
		free(text);
		return release;
	}
	snprintf(path, sizeof(path), "%s/include/config/kernel.release", build);
	if (read_text(path, LINE_LIMIT, &text, &size))
		return NULL;
	release = strndup(text, strcspn(text, "\n"));
	free(text);
	return release;
}

/* The kernel's name for a machine's directory under arch/; libbcc has the same list. */
static const char *architecture(const char *machine)
{
	static const struct {
		const char *machine; /* how it begins */
		const char *directory;
	} names[] = {
		{"x86_64", "x86"},
		{"i386", "x86"},
		{"i686", "x86"},
		{"aarch64", "arm64"},
		{"arm64", "arm64"},
		{"arm", "arm"},
		{"s390", "s390"},
		{"ppc", "powerpc"},
		{"riscv", "riscv"},
		{"mips", "mips"},
		{"loongarch", "loongarch"},
		{"parisc", "parisc"},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strncmp(machine, names[i].machine, strlen(names[i].machine)) == 0)
			return names[i].directory;
	return machine;
}

/* As the kernel's own Makefile orders them (LINUXINCLUDE). */
static int set_search(struct header_trees *trees, const char *machine)
{
	static const struct {
		bool build; /* in the build tree */
		bool arch;  /* below arch/ARCHITECTURE */
		const char *path;
	} order[] = {
		{false, true, "include"},	{true, true, "include/generated"},
		{false, false, "include"},	{true, false, "include"},
		{false, true, "include/uapi"},	{true, true, "include/generated/uapi"},
		{false, false, "include/uapi"}, {true, false, "include/generated/uapi"},
	};

	trees->search = calloc(sizeof(order) / sizeof(order[0]), sizeof(*trees->search));
	if (!trees->search)
		return -ENOMEM;
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		if (asprintf(&trees->search[i], "%s/%s%s%s%s",
			     order[i].build ? trees->build : trees->source,
			     order[i].arch ? "arch/" : "",
			     order[i].arch ? architecture(machine) : "", order[i].arch ? "/" : "",
			     order[i].path) < 0)
			return -ENOMEM;
		trees->search_count++;
	}
	return 0;
}

/* The trees that a directory belongs to, if it is one of them and the other half is to be found. */
static int find_pair(const char *directory, const char *release, struct header_trees *trees)
{
	char *source = directory_if(is_source, "%s", directory);
	char *build = directory_if(is_build, "%s", directory);

	if (build && !source)
		source = source_of(build, release);
	else if (source && !build)
		build = build_of(source, release);
	if (source && build) {
		trees->source = source;
		trees->build = build;
		return 0;
	}
	free(source);
	free(build);
	return -ENOENT;
}

/* A directory that the user names: one of the trees, or what holds links to both. */
static int find_below(const char *directory, const char *release, struct header_trees *trees)
{
	char path[PATH_MAX];

	if (!find_pair(directory, release, trees))
		return 0;
	if (snprintf(path, sizeof(path), "%s/build", directory) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	return find_pair(path, release, trees);
}

static int find_installed(const char *release, struct header_trees *trees)
{
	static const char *const places[][2] = {
		{"/lib/modules/", "/build"},
		{"/usr/src/linux-headers-", ""}, /* Debian */
		{"/usr/src/kernels/", ""},	 /* Fedora */
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		char path[PATH_MAX];

		if (snprintf(path, sizeof(path), "%s%s%s", places[i][0], release, places[i][1]) <
			    (int)sizeof(path) &&
		    !find_pair(path, release, trees))
			return 0;
	}
	return -ENOENT;
}

int header_trees__find(const char *directory, const char *release, const char *machine,
		       struct header_trees *trees)
{
	int err;

	*trees = (struct header_trees){0};
	err = directory ? find_below(directory, release, trees) : find_installed(release, trees);
	if (err)
		return err;
	trees->release = release_of(trees->build);
	err = set_search(trees, machine);
	if (err)
		header_trees__free(trees);
	return err;
}

void header_trees__free(struct header_trees *trees)
{

	free(trees->source);
	free(trees->build);
	free(trees->release);
	for (size_t i = 0; i < trees->search_count; i++)
		free(trees->search[i]);
	free(trees->search);
	*trees = (struct header_trees){0};
}
