// SPDX-License-Identifier: Apache-2.0
#include "types_tree.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

int types_tree__make_directory(struct types_tree *tree, const struct kernel_types_source *source)
{
	return source->directory ? directory__make_below(source->directory, &tree->directory)
				 : directory__make(&tree->directory);
}

int types_tree__because(const struct types_tree *tree, int err, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(tree->why, tree->why_size, format, arguments);
	va_end(arguments);
	return err;
}

int types_tree__add_cflag(struct types_tree *tree, const char *format, ...)
{
	char **cflags = reallocarray(tree->cflags, tree->cflag_count + 1, sizeof(*cflags));
	va_list arguments;
	int length;

	if (!cflags)
		return -ENOMEM;
	tree->cflags = cflags;
	va_start(arguments, format);
	length = vasprintf(&cflags[tree->cflag_count], format, arguments);
	va_end(arguments);
	if (length < 0)
		return -ENOMEM;
	tree->cflag_count++;
	return 0;
}

int types_tree__describe(struct types_tree *tree, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vasprintf(&tree->description, format, arguments);
	va_end(arguments);
	if (length < 0)
		tree->description = NULL;
	return length < 0 ? -ENOMEM : 0;
}

void types_tree__free(struct types_tree *tree)
{
	directory__remove(tree->directory);
	for (size_t i = 0; i < tree->cflag_count; i++)
		free(tree->cflags[i]);
	free(tree->cflags);
	free(tree->description);
	*tree = (struct types_tree){0};
}

bool types_tree__runs(const char *release)
{
	struct utsname system;

	return uname(&system) == 0 && strcmp(system.release, release) == 0;
}
