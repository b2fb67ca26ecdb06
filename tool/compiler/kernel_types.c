// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <bpf/btf.h>

#include "kernel_headers.h"
#include "kernel_types.h"
#include "kernel_types_btf.h"
#include "kernel_types_config.h"
#include "kernel_types_directory.h"
#include "kernel_types_libbcc.h"
#include "kernel_types_text.h"

#define RUNNING_BTF "/sys/kernel/btf/vmlinux"

struct kernel_types {
	struct directory *directory; /* or NULL */
	char *tree;
	char **cflags;
	size_t cflag_count;
	char *description;
};

/* One line for the user, and the error that goes with it. */
struct reason {
	char *text;
	size_t size;
};

__attribute__((format(printf, 3, 4))) static int because(const struct reason *why, int err, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(why->text, why->size, format, arguments);
	va_end(arguments);
	return err;
}

static int add_cflag(struct kernel_types *types, const char *cflag)
{
	char **cflags = reallocarray(types->cflags, types->cflag_count + 1, sizeof(*cflags));

	if (!cflags)
		return -ENOMEM;
	types->cflags = cflags;
	cflags[types->cflag_count] = strdup(cflag);
	return cflags[types->cflag_count] ? (types->cflag_count++, 0) : -ENOMEM;
}

/* The kernel uses members that are a struct with a tag and no name, since 6.19: an extension in clang. */
static int add_common_cflags(struct kernel_types *types)
{
	static const char *const cflags[] = {
		"-fms-extensions",
		"-Wno-microsoft-anon-tag",
		"-DKERNEL_HAS_TYPE(type)=KERNEL_HAS_##type",
		"-DKERNEL_HAS_FIELD(type,field)=KERNEL_HAS_##type##__##field",
		"-DKERNEL_HAS_CONSTANT(name)=KERNEL_HAS_##name",
	};
	size_t i;
	int err = 0;

	for (i = 0; !err && i < sizeof(cflags) / sizeof(cflags[0]); i++)
		err = add_cflag(types, cflags[i]);
	return err;
}

static int add_answers(struct kernel_types *types, const struct c_text *probe)
{
	size_t i;
	int err = 0;

	for (i = 0; !err && i < probe->question_count; i++) {
		const struct question *question = &probe->questions[i];
		char *cflag;

		if (asprintf(&cflag, "-DKERNEL_HAS_%s%s%s=%d", question->name, question->field ? "__" : "",
			     question->field ? question->field : "", question->yes) < 0)
			return -ENOMEM;
		err = add_cflag(types, cflag);
		free(cflag);
	}
	return err;
}

/* ── from BTF ──────────────────────────────────────────────────────────────────────────────────────────── */

static bool runs(const char *release)
{
	struct utsname system;

	return !uname(&system) && !strcmp(system.release, release);
}

static int open_btf(const struct kernel_types_source *source, struct btf **btf, const struct reason *why)
{
	const char *path = source->btf ? source->btf : RUNNING_BTF;

	if (!source->btf && !runs(source->release))
		return because(why, -ENOENT, "kernel %s does not run here, and no file with its BTF was given",
			       source->release);
	if (access(path, R_OK)) {
		if (source->btf)
			return because(why, -errno, "BTF file %s: %s", path, strerror(errno));
		return because(why, -ENOENT, "the kernel has no BTF (%s; CONFIG_DEBUG_INFO_BTF)", path);
	}
	*btf = btf__parse(path, NULL);
	if (!*btf)
		return because(why, -errno, "no kernel BTF can be read from %s: %s", path, strerror(errno));
	return 0;
}

/* linux/version.h for a release: 6.1.0-56-amd64 is 6, 1, 0 */
static int write_version(const struct directory *directory, const char *release)
{
	unsigned int major = 0, minor = 0, patch = 0;
	char text[256];
	int length;

	sscanf(release, "%u.%u.%u", &major, &minor, &patch);
	length = snprintf(text, sizeof(text),
			  "#pragma once\n"
			  "#define KERNEL_VERSION(a, b, c) (((a) << 16) + ((b) << 8) + ((c) > 255 ? 255 : (c)))\n"
			  "#define LINUX_VERSION_CODE KERNEL_VERSION(%u, %u, %u)\n",
			  major, minor, patch);
	return directory__write(directory, "include/linux/version.h", text, (size_t)length);
}

/* asm/page.h, for BPF_RINGBUF_OUTPUT() */
static int write_page_size(const struct directory *directory)
{
	char text[64];
	int length = snprintf(text, sizeof(text), "#pragma once\n#define PAGE_SIZE %ldUL\n", sysconf(_SC_PAGESIZE));

	return directory__write(directory, "include/asm/page.h", text, (size_t)length);
}

/* linux/kconfig.h: the first that libbcc includes */
static int write_config(const struct directory *directory, const struct c_text *probe, const char *release,
			bool wraps_syscalls)
{
	char *text = NULL;
	size_t size;
	FILE *out;
	int err;

	out = open_memstream(&text, &size);
	if (!out)
		return -errno;
	fputs("#pragma once\n#define CONFIG_BPF_SYSCALL 1\n", out);
	if (wraps_syscalls)
		fputs("#undef CONFIG_ARCH_HAS_SYSCALL_WRAPPER\n#define CONFIG_ARCH_HAS_SYSCALL_WRAPPER 1\n", out);
	err = kernel_config__print(probe, release, out);
	if (fclose(out) && !err)
		err = -errno;
	if (!err)
		err = directory__write(directory, "include/linux/kconfig.h", text, size);
	free(text);
	return err;
}

/* vmlinux.h: the types, then the macros, which must not reach into the types */
static int write_types(const struct directory *directory, const struct btf *btf, struct c_text *probe,
		       const struct c_text *taken, bool all, size_t *count)
{
	char *text = NULL, *macros;
	size_t size;
	FILE *out;
	int err;

	macros = kernel_headers__macros(probe);
	if (!macros)
		return -ENOMEM;
	err = -ENOMEM;
	out = open_memstream(&text, &size);
	if (!out)
		goto err_out;
	fputs("#pragma once\n"
	      "#pragma GCC system_header\n" /* quiet about declarations that the kernel's authors chose */
	      "#define btf_type_tag(tag)\n",
	      out);
	err = kernel_btf__print(btf, probe, taken, all, out, count);
	fputs(macros, out);
	if (fclose(out) && !err)
		err = -errno;
	if (!err)
		err = directory__write(directory, "include/vmlinux.h", text, size);
err_out:
	free(text);
	free(macros);
	return err;
}

/* A header of the probe's that nobody else provides; nothing outside of the directory. */
static bool needs_stub(const char *name)
{
	static const char *const others[] = {"linux/kconfig.h", "linux/version.h", "asm/page.h", "vmlinux.h",
					     "stdarg.h"};
	size_t i;

	if (name[0] == '/' || !name[0] || strstr(name, "..") || !strncmp(name, "bcc/", strlen("bcc/")))
		return false;
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (!strcmp(name, others[i]))
			return false;
	for (i = 0; kernel_headers[i].name; i++)
		if (!strcmp(name, kernel_headers[i].name))
			return false;
	return true;
}

static int write_header(const struct directory *directory, const char *name, const char *text)
{
	char *path;
	int err;

	if (asprintf(&path, "include/%s", name) < 0)
		return -ENOMEM;
	err = directory__write(directory, path, text, strlen(text));
	free(path);
	return err;
}

static int write_headers(const struct directory *directory, const struct c_text *probe)
{
	size_t i;
	int err = 0;

	for (i = 0; !err && kernel_headers[i].name; i++)
		err = write_header(directory, kernel_headers[i].name, kernel_headers[i].text);
	/* empty ones: whatever they would define is in vmlinux.h, which stands before the probe */
	for (i = 0; !err && i < probe->header_count; i++)
		if (needs_stub(probe->headers[i]))
			err = write_header(directory, probe->headers[i], "");
	return err;
}

static int prepare_btf(const struct kernel_types_source *source, bool all, struct c_text *probe,
		       struct kernel_types *types, const struct reason *why)
{
	const char *path = source->btf ? source->btf : RUNNING_BTF;
	struct c_text taken = {0};
	struct btf *btf;
	size_t count;
	int err;

	err = open_btf(source, &btf, why);
	if (err)
		return err;
	err = directory__make(&types->directory);
	if (err) {
		because(why, err, "no directory for headers can be made: %s", strerror(-err));
		goto out;
	}
	err = libbcc__read_bpf_h(&taken);
	if (err && err != -ENOENT)
		goto out;
	kernel_btf__answer(btf, probe);
	err = write_config(types->directory, probe, source->release, kernel_btf__wraps_syscalls(btf));
	if (err == -ENODATA) {
		because(why, err, "the probe asks for CONFIG_ options, and the configuration of kernel %s is not to be found",
			source->release);
		goto out;
	}
	if (!err)
		err = write_types(types->directory, btf, probe, &taken, all, &count);
	if (!err)
		err = write_headers(types->directory, probe);
	if (!err)
		err = write_version(types->directory, source->release);
	if (!err)
		err = write_page_size(types->directory);
	if (err) {
		because(why, err, "headers cannot be made from %s: %s", path, strerror(-err));
		goto out;
	}
	types->tree = strdup(directory__path(types->directory));
	if (!types->tree || asprintf(&types->description, "kernel BTF %s, %s%zu types", path, all ? "all " : "",
				     count) < 0) {
		types->description = NULL;
		err = -ENOMEM;
	}
out:
	c_text__free(&taken);
	btf__free(btf);
	return err;
}

/* ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

int kernel_types__prepare(const struct kernel_types_source *source, enum kernel_types_way way,
			  const char *text, struct kernel_types **out, char *why_text, size_t why_size)
{
	struct reason why = {.text = why_text, .size = why_size};
	struct kernel_types *types;
	struct c_text probe = {0};
	int err;

	*out = NULL;
	why_text[0] = '\0';
	types = calloc(1, sizeof(*types));
	if (!types)
		return -ENOMEM;
	err = c_text__read(&probe, text);
	if (!err)
		err = add_common_cflags(types);
	if (err)
		goto err_out;
	if (way == KERNEL_TYPES_NAMED || way == KERNEL_TYPES_ALL)
		err = prepare_btf(source, way == KERNEL_TYPES_ALL, &probe, types, &why);
	else
		err = because(&why, -ENOSYS, "not yet");
	if (!err)
		err = add_answers(types, &probe);
	if (err)
		goto err_out;
	c_text__free(&probe);
	*out = types;
	return 0;

err_out:
	if (!why_text[0])
		because(&why, err, "kernel types: %s", strerror(-err));
	c_text__free(&probe);
	kernel_types__close(types);
	return err;
}

const char *kernel_types__tree(const struct kernel_types *types)
{
	return types->tree;
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
	free(types->tree);
	free(types->description);
	free(types);
}
