// SPDX-License-Identifier: Apache-2.0
#include "header_types.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "libbcc.h"
#include "header_trees.h"
#include "kernel_files.h"

#define KHEADERS   "/sys/kernel/kheaders.tar.xz"
#define FILE_LIMIT (1 << 20)

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

/* Root's compiler is an ordinary user, who may not read all that root can find. */
static bool can_read(const struct header_trees *trees)
{
	char source[PATH_MAX], build[PATH_MAX];

	snprintf(source, sizeof(source), "%s/include/linux/kconfig.h", trees->source);
	snprintf(build, sizeof(build), "%s/include/generated/autoconf.h", trees->build);
	return access(source, R_OK) == 0 && access(build, R_OK) == 0;
}

static int use_trees(const struct kernel_types_source *source, const struct header_trees *trees,
		     const char *name, struct types_tree *tree)
{
	int err;

	if (trees->release && strcmp(trees->release, source->release) != 0)
		return types_tree__because(tree, -ESTALE,
					   "headers in %s are for %s, the kernel is %s",
					   trees->build, trees->release, source->release);
	if (!can_read(trees))
		return types_tree__because(
			tree, -EACCES,
			"headers in %s cannot be read by user nobody, who compiles for root: "
			"chmod -R go+rX %s",
			name, name);
	err = types_tree__make_directory(tree, source);
	if (!err)
		err = add_search(tree, trees);
	if (!err)
		err = write_kconfig(tree->directory, trees);
	if (!err)
		err = types_tree__describe(tree, "kernel headers %s", name);
	return err;
}

int header_types__fill_installed(const struct kernel_types_source *source, struct c_text *probe,
				 struct types_tree *tree)
{
	const struct kernel_files *files = source->files;
	int err = files->headers;

	(void)probe; /* headers have it all */
	if (err == -ENOENT && source->headers)
		return types_tree__because(
			tree, err, "no kernel headers in %s, or only one half of a pair of trees",
			source->headers);
	if (err == -ENOENT)
		return types_tree__because(
			tree, err, "no headers of kernel %s are installed (/lib/modules/%s/build)",
			source->release, source->release);
	if (err == -EPERM)
		return types_tree__because(tree, err,
					   "headers not used: %s, or name them with --headers",
					   files->distrust);
	if (err)
		return err;
	return use_trees(source, &files->trees, files->trees.build, tree);
}

int header_types__fill_kheaders(const struct kernel_types_source *source, struct c_text *probe,
				struct types_tree *tree)
{
	const struct kernel_files *files = source->files;
	struct header_trees trees;
	int err;

	(void)probe;
	if (!types_tree__runs(source->release))
		return types_tree__because(
			tree, -ENOENT,
			"kernel %s does not run here, and only that one has its kheaders",
			source->release);
	if (!files->kheaders[0] && files->archive == -ENOENT)
		return types_tree__because(tree, -ENOENT,
					   "the kernel has no " KHEADERS
					   " (CONFIG_IKHEADERS), or there is no need of it");
	if (!files->kheaders[0])
		return types_tree__because(tree, files->archive,
					   KHEADERS " cannot be unpacked (with tar and xz): %s",
					   strerror(-files->archive));
	err = header_trees__find(files->kheaders, source->release, source->machine, &trees);
	if (err)
		return types_tree__because(tree, err, KHEADERS " does not hold a tree of headers");
	err = use_trees(source, &trees, KHEADERS, tree);
	header_trees__free(&trees);
	return err;
}
