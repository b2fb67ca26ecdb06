// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "kernel_types_private.h"

int kernel_types__because(const struct reason *why, int err, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(why->text, why->size, format, arguments);
	va_end(arguments);
	return err;
}

int kernel_types__add_cflag(struct kernel_types *types, const char *format, ...)
{
	char **cflags = reallocarray(types->cflags, types->cflag_count + 1, sizeof(*cflags));
	va_list arguments;
	int length;

	if (!cflags)
		return -ENOMEM;
	types->cflags = cflags;
	va_start(arguments, format);
	length = vasprintf(&cflags[types->cflag_count], format, arguments);
	va_end(arguments);
	if (length < 0)
		return -ENOMEM;
	types->cflag_count++;
	return 0;
}

int kernel_types__describe(struct kernel_types *types, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vasprintf(&types->description, format, arguments);
	va_end(arguments);
	if (length < 0)
		types->description = NULL;
	return length < 0 ? -ENOMEM : 0;
}

bool kernel_types__runs(const char *release)
{
	struct utsname system;

	return !uname(&system) && !strcmp(system.release, release);
}

static int add_common_cflags(struct kernel_types *types)
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
		/*
		 * members that are a struct with a tag and no name: the kernel has them since 6.19
		 */
		"-fms-extensions",
		"-Wno-microsoft-anon-tag",
		"-DKERNEL_HAS_TYPE(type)=KERNEL_HAS_##type",
		"-DKERNEL_HAS_FIELD(type,field)=KERNEL_HAS_##type##__##field",
		"-DKERNEL_HAS_CONSTANT(name)=KERNEL_HAS_##name",
	};
	size_t i;
	int err = 0;

	for (i = 0; !err && i < sizeof(cflags) / sizeof(cflags[0]); i++)
		err = kernel_types__add_cflag(types, "%s", cflags[i]);
	return err;
}

static int add_answers(struct kernel_types *types, const struct c_text *probe)
{
	size_t i;
	int err = 0;

	for (i = 0; !err && i < probe->question_count; i++) {
		const struct question *question = &probe->questions[i];

		err = kernel_types__add_cflag(types, "-DKERNEL_HAS_%s%s%s=%d", question->name,
					      question->field ? "__" : "",
					      question->field ? question->field : "",
					      question->yes);
	}
	return err;
}

static int fill(const struct kernel_types_source *source, enum kernel_types_way way,
		struct c_text *probe, struct kernel_types *types, const struct reason *why)
{
	switch (way) {
	case KERNEL_TYPES_NAMED:
		return kernel_types__from_btf(source, false, probe, types, why);
	case KERNEL_TYPES_ALL:
		return kernel_types__from_btf(source, true, probe, types, why);
	case KERNEL_TYPES_HEADERS:
		return kernel_types__from_headers(source, probe, types, why);
	case KERNEL_TYPES_KHEADERS:
		return kernel_types__from_kheaders(source, probe, types, why);
	default:
		return -EINVAL;
	}
}

int kernel_types__prepare(const struct kernel_types_source *source, enum kernel_types_way way,
			  const char *text, struct kernel_types **out, char *why_text,
			  size_t why_size)
{
	struct reason why = {.text = why_text, .size = why_size};
	struct kernel_types *types;
	struct c_text probe = {0};
	int err = -ENOMEM;

	*out = NULL;
	why_text[0] = '\0';
	types = calloc(1, sizeof(*types));
	if (types)
		err = c_text__read(&probe, text);
	if (!err)
		err = add_common_cflags(types);
	if (!err)
		err = fill(source, way, &probe, types, &why);
	if (!err)
		err = add_answers(types, &probe);
	c_text__free(&probe);
	if (!err) {
		*out = types;
		return 0;
	}
	if (!why_text[0])
		kernel_types__because(
			&why, err,
			"headers for the compiler cannot be made (%s; TMPDIR names the place)",
			strerror(-err));
	kernel_types__close(types);
	return err;
}

const char *kernel_types__tree(const struct kernel_types *types)
{
	return directory__path(types->directory);
}

const char *const *kernel_types__cflags(const struct kernel_types *types, size_t *count)
{
	*count = types->cflag_count;
	return (const char *const *)types->cflags;
}

const char *kernel_types__description(const struct kernel_types *types)
{
	return types->description;
}

void kernel_types__close(struct kernel_types *types)
{
	size_t i;

	if (!types)
		return;
	directory__remove(types->directory);
	for (i = 0; i < types->cflag_count; i++)
		free(types->cflags[i]);
	free(types->cflags);
	free(types->description);
	free(types);
}
