// SPDX-License-Identifier: Apache-2.0
#include "kernel_types.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "btf_types.h"
#include "header_types.h"
#include "kernel_files.h"

const struct kernel_types_way kernel_types_ways[] = {
	{"btf", true, btf_types__fill_named},
	{"btf", false, btf_types__fill_all},
	{"headers", true, header_types__fill_installed},
	{"headers", false, header_types__fill_kheaders},
	{0},
};

struct kernel_types {
	struct types_tree tree;
};

static int add_common_cflags(struct types_tree *tree)
{
	static const char *const cflags[] = {
		/*
		 * libbcc has clang lay structs out for the host and then swaps in BPF's data
		 * layout, under which LLVM 14 to 17 align an integer of more than 64 bits
		 * differently. Without this flag a longer run of bit fields, padding too, becomes
		 * such an integer, and what follows it is read from a wrong place: task_struct's
		 * nsproxy 16 bytes too far.
		 */
		"-ffine-grained-bitfield-accesses",
		/* members that are a struct with a tag and no name: the kernel has them since 6.19 */
		"-fms-extensions",
		"-Wno-microsoft-anon-tag",
		/* a function that is not there would be a call that no kernel takes */
		"-Werror=implicit-function-declaration",
	};
	int err = 0;

	for (size_t i = 0; !err && i < sizeof(cflags) / sizeof(cflags[0]); i++)
		err = types_tree__add_cflag(tree, "%s", cflags[i]);
	return err;
}

static int fill(const struct kernel_types_source *source, const struct kernel_types_way *way,
		const char *text, struct types_tree *tree)
{
	struct kernel_types_source known = *source;
	struct kernel_files files = {.btf = -EBADF, .archive = -EBADF};
	struct c_text probe = {0};
	int err = c_text__read(&probe, text);

	if (!known.files) {
		kernel_files__find(source, false, &files);
		known.files = &files;
	}
	if (!err)
		err = add_common_cflags(tree);
	if (!err)
		err = way->fill(&known, &probe, tree);
	kernel_files__close(&files);
	c_text__free(&probe);
	return err;
}

int kernel_types__prepare(const struct kernel_types_source *source,
			  const struct kernel_types_way *way, const char *text,
			  struct kernel_types **out, char *why, size_t why_size)
{
	struct kernel_types *types = calloc(1, sizeof(*types));
	int err;

	*out = NULL;
	snprintf(why, why_size, "out of memory");
	if (!types)
		return -ENOMEM;
	why[0] = '\0';
	types->tree.why = why;
	types->tree.why_size = why_size;
	err = fill(source, way, text, &types->tree);
	if (!err) {
		*out = types;
		return 0;
	}
	if (!why[0])
		types_tree__because(
			&types->tree, err,
			"headers for the compiler cannot be made (%s; TMPDIR names the place)",
			strerror(-err));
	kernel_types__close(types);
	return err;
}

const char *kernel_types__tree(const struct kernel_types *types)
{
	return directory__path(types->tree.directory);
}

const char *const *kernel_types__cflags(const struct kernel_types *types, size_t *count)
{
	*count = types->tree.cflag_count;
	return (const char *const *)types->tree.cflags;
}

const char *kernel_types__description(const struct kernel_types *types)
{
	return types->tree.description;
}

void kernel_types__close(struct kernel_types *types)
{
	if (!types)
		return;
	types_tree__free(&types->tree);
	free(types);
}
