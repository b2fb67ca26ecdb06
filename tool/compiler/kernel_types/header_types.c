// SPDX-License-Identifier: Apache-2.0
#include "header_types.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "file.h"
#include "libbcc.h"
#include "header_trees.h"

#define KHEADERS   "/sys/kernel/kheaders.tar.xz"
#define FILE_LIMIT (1 << 20)

extern char **environ;

/*
 * The kernel's other headers are written against its own uapi/linux/bpf.h. libbcc puts its own one
 * first, which may be older: 0.26 does not have the struct bpf_wq that linux/bpf.h of Linux 6.12
 * asks the size of.
 */
static bool own_bpf_h_fits(const struct header_trees *trees)
{
	char path[PATH_MAX], *text;
	size_t size;
	bool fits;

	snprintf(path, sizeof(path), "%s/include/uapi/linux/bpf.h", trees->source);
	if (file__read(path, FILE_LIMIT, &text, &size))
		return false;
	fits = libbcc__accepts_bpf_h(text);
	free(text);
	return fits;
}

/*
 * linux/kconfig.h is the first that libbcc includes: what it includes in turn comes before libbcc's
 * own headers.
 */
static int write_kconfig(const struct directory *directory, const struct header_trees *trees)
{
	char *text;
	int err;

	if (asprintf(&text, "#include \"%s/include/linux/kconfig.h\"\n%s", trees->source,
		     own_bpf_h_fits(trees) ? "#include <uapi/linux/bpf.h>\n" : "") < 0)
		return -ENOMEM;
	err = directory__write(directory, "include/linux/kconfig.h", text, strlen(text));
	free(text);
	return err;
}

/*
 * The trees as clang is to look through them: as system headers, whose warnings are not the user's
 * to mend.
 */
static int add_search(struct types_tree *tree, const struct header_trees *trees)
{
	int err = 0;

	for (size_t i = 0; !err && i < trees->search_count; i++) {
		err = types_tree__add_cflag(tree, "-isystem");
		if (!err)
			err = types_tree__add_cflag(tree, "%s", trees->search[i]);
	}
	return err;
}

static int use_trees(const struct kernel_types_source *source, const struct header_trees *trees,
		     struct types_tree *tree)
{
	int err;

	if (trees->release && strcmp(trees->release, source->release) != 0)
		return types_tree__because(tree, -ESTALE,
					   "headers in %s are for %s, the kernel is %s",
					   trees->build, trees->release, source->release);
	err = add_search(tree, trees);
	if (!err)
		err = write_kconfig(tree->directory, trees);
	return err;
}

int header_types__fill_installed(const struct kernel_types_source *source, struct c_text *probe,
				 struct types_tree *tree)
{
	struct header_trees trees;
	int err;

	(void)probe; /* headers have it all */
	err = header_trees__find(source->headers, source->release, source->machine, &trees);
	if (err == -ENOENT && source->headers)
		return types_tree__because(
			tree, err, "no kernel headers in %s, or only one half of a pair of trees",
			source->headers);
	if (err == -ENOENT)
		return types_tree__because(
			tree, err, "no headers of kernel %s are installed (/lib/modules/%s/build)",
			source->release, source->release);
	if (err)
		return err;
	err = directory__make(&tree->directory);
	if (!err)
		err = use_trees(source, &trees, tree);
	if (!err)
		err = types_tree__describe(tree, "kernel headers %s", trees.build);
	header_trees__free(&trees);
	return err;
}

/* Run a program without its output; 0, -EIO when it fails, or a negative errno. */
static int run(char *const argv[])
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

/* Unpack the archive into a directory of its own below the private one. */
static int unpack(const struct directory *directory, char *path, size_t size)
{
	int length = snprintf(path, size, "%s/kheaders", directory__path(directory));

	if (length >= (int)size)
		return -ENAMETOOLONG;
	if (mkdir(path, 0700))
		return -errno;
	return run((char *[]){"tar", "-xf", KHEADERS, "--no-same-owner", "-C", path, NULL});
}

int header_types__fill_kheaders(const struct kernel_types_source *source, struct c_text *probe,
				struct types_tree *tree)
{
	bool loaded = false;
	struct header_trees trees;
	char path[PATH_MAX];
	int err;

	(void)probe;
	if (!types_tree__runs(source->release))
		return types_tree__because(
			tree, -ENOENT,
			"kernel %s does not run here, and only that one has its kheaders",
			source->release);
	if (access(KHEADERS, R_OK)) /* a module may bring them (CONFIG_IKHEADERS=m) */
		loaded = !run((char *[]){"modprobe", "-q", "kheaders", NULL});
	if (access(KHEADERS, R_OK))
		return types_tree__because(tree, -ENOENT, "the kernel has no %s (CONFIG_IKHEADERS)",
					   KHEADERS);
	err = directory__make(&tree->directory);
	if (!err) {
		err = unpack(tree->directory, path, sizeof(path));
		if (err)
			types_tree__because(tree, err,
					    "%s cannot be unpacked (with tar and xz): %s", KHEADERS,
					    strerror(-err));
	}
	if (loaded)
		run((char *[]){"modprobe", "-q", "-r", "kheaders", NULL});
	if (err)
		return err;
	err = header_trees__find(path, source->release, source->machine, &trees);
	if (err)
		return types_tree__because(tree, err, "%s does not hold a tree of headers",
					   KHEADERS);
	err = use_trees(source, &trees, tree);
	if (!err)
		err = types_tree__describe(tree, "kernel headers %s", KHEADERS);
	header_trees__free(&trees);
	return err;
}
