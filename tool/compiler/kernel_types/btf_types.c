// SPDX-License-Identifier: Apache-2.0
#include "btf_types.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/btf.h>

#include "btf_file.h"
#include "kernel_headers.h"
#include "kernel_btf.h"
#include "kernel_config.h"
#include "kernel_files.h"
#include "libbcc.h"

/* BTF names no release, but it can be compared with the running kernel's. */
enum comparison { CANNOT_COMPARE, SAME_KERNEL, OTHER_KERNEL };

static enum comparison compare_with_running(const struct btf *btf)
{
	struct btf *running = btf__parse(KERNEL_BTF, NULL);
	const void *one, *other;
	__u32 size, other_size;
	bool same;

	if (!running)
		return CANNOT_COMPARE;
	one = btf__raw_data(btf, &size);
	other = btf__raw_data(running, &other_size);
	same = size == other_size && memcmp(one, other, size) == 0;
	btf__free(running);
	return same ? SAME_KERNEL : OTHER_KERNEL;
}

/* The file that --btf names must be of the kernel that is meant. */
static int check_file(const struct kernel_types_source *source, const struct btf *btf,
		      const struct types_tree *tree)
{
	enum comparison comparison = compare_with_running(btf);
	bool runs = types_tree__runs(source->release);

	if (runs && comparison == OTHER_KERNEL)
		return types_tree__because(
			tree, -ESTALE,
			"the BTF in %s is not that of the running kernel, which is in " KERNEL_BTF,
			source->btf);
	if (!runs && comparison == SAME_KERNEL)
		return types_tree__because(tree, -ESTALE,
					   "the BTF in %s is that of the running kernel, not of %s",
					   source->btf, source->release);
	return 0;
}

static int open_btf(const struct kernel_types_source *source, struct btf **btf,
		    const struct types_tree *tree)
{
	const char *path = source->btf ? source->btf : KERNEL_BTF;
	int err = 0;

	if (!source->btf && !types_tree__runs(source->release))
		return types_tree__because(
			tree, -ENOENT,
			"kernel %s does not run here, and no file with its BTF was given",
			source->release);
	if (source->btf && source->files->btf < 0)
		return types_tree__because(tree, source->files->btf, "BTF file %s: %s", path,
					   strerror(-source->files->btf));
	if (!source->btf && access(path, R_OK))
		return types_tree__because(
			tree, -ENOENT, "the kernel has no BTF (%s; CONFIG_DEBUG_INFO_BTF)", path);
	*btf = source->btf ? btf_file__read(source->files->btf) : btf__parse(path, NULL);
	if (!*btf) /* libbpf has error numbers of its own, which have no text */
		return types_tree__because(tree, -EINVAL, "no kernel BTF can be read from %s",
					   path);
	if (source->btf)
		err = check_file(source, *btf, tree);
	if (err) {
		btf__free(*btf);
		*btf = NULL;
	}
	return err;
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
			  "#define KERNEL_VERSION(a, b, c) (((a) << 16) + ((b) << 8) + ((c) > 255 "
			  "? 255 : (c)))\n"
			  "#define LINUX_VERSION_CODE KERNEL_VERSION(%u, %u, %u)\n",
			  major, minor, patch);
	return directory__write(directory, "include/linux/version.h", text, (size_t)length);
}

/* asm/page.h, for BPF_RINGBUF_OUTPUT() */
static int write_page_size(const struct directory *directory)
{
	char text[64];
	int length = snprintf(text, sizeof(text), "#pragma once\n#define PAGE_SIZE %ldUL\n",
			      sysconf(_SC_PAGESIZE));

	return directory__write(directory, "include/asm/page.h", text, (size_t)length);
}

/* linux/kconfig.h: the first that libbcc includes */
static int write_config(const struct directory *directory, const struct c_text *probe,
			const char *release, const struct btf *btf)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	int err;

	if (!out)
		return -errno;
	fputs("#pragma once\n#define CONFIG_BPF_SYSCALL 1\n", out);
	if (kernel_btf__wraps_syscalls(btf))
		fputs("#undef CONFIG_ARCH_HAS_SYSCALL_WRAPPER\n#define "
		      "CONFIG_ARCH_HAS_SYSCALL_WRAPPER 1\n",
		      out);
	if (kernel_btf__has_ipv6(btf))
		fputs("#define CONFIG_IPV6 1\n#define IS_ENABLED_CONFIG_IPV6 1\n", out);
	err = kernel_config__print(probe, release, out);
	if (fclose(out) && !err)
		err = -errno;
	if (!err)
		err = directory__write(directory, "include/linux/kconfig.h", text, size);
	free(text);
	return err;
}

/* vmlinux.h: the types, then the macros, which must not reach into the types */
static int write_types(const struct directory *directory, const struct btf *btf,
		       struct c_text *probe, const struct c_text *taken, bool all, size_t *count)
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
	      /* quiet about declarations that the kernel's authors chose */
	      "#pragma GCC system_header\n"
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
	static const char *const others[] = {"linux/kconfig.h", "linux/version.h", "asm/page.h",
					     "vmlinux.h", "stdarg.h"};

	if (name[0] == '/' || !name[0] || strstr(name, "..") ||
	    strncmp(name, "bcc/", strlen("bcc/")) == 0)
		return false;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strcmp(name, others[i]) == 0)
			return false;
	for (size_t i = 0; kernel_headers[i].name; i++)
		if (strcmp(name, kernel_headers[i].name) == 0)
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
	int err = 0;

	for (size_t i = 0; !err && kernel_headers[i].name; i++)
		err = write_header(directory, kernel_headers[i].name, kernel_headers[i].text);
	/* empty ones: whatever they would define is in vmlinux.h, which stands before the probe */
	for (size_t i = 0; !err && i < probe->header_count; i++)
		if (needs_stub(probe->headers[i]))
			err = write_header(directory, probe->headers[i], "");
	return err;
}

static int fill_directory(const struct kernel_types_source *source, const struct btf *btf, bool all,
			  struct c_text *probe, const struct c_text *taken,
			  const struct directory *directory, size_t *count)
{
	int err = write_config(directory, probe, source->release, btf);

	if (!err)
		err = write_types(directory, btf, probe, taken, all, count);
	if (!err)
		err = write_headers(directory, probe);
	if (!err)
		err = write_version(directory, source->release);
	return err ? err : write_page_size(directory);
}

static int fill(const struct kernel_types_source *source, bool all, struct c_text *probe,
		struct types_tree *tree)
{
	const char *libbcc = libbcc__bpf_h();
	struct c_text taken = {0};
	struct btf *btf = NULL;
	size_t count = 0;
	int err = open_btf(source, &btf, tree);

	if (err)
		return err;
	err = types_tree__add_cflag(tree, "-DTYPES_FROM_BTF");
	if (!err && libbcc)
		err = c_text__read(&taken, libbcc);
	if (!err)
		err = types_tree__make_directory(tree, source);
	if (!err)
		err = fill_directory(source, btf, all, probe, &taken, tree->directory, &count);
	if (!err)
		err = types_tree__describe(tree, "kernel BTF %s, %s%zu types",
					   source->btf ? source->btf : KERNEL_BTF,
					   all ? "all " : "", count);
	if (err == -ENODATA)
		types_tree__because(
			tree, err,
			"the probe asks for CONFIG_ options, and BTF does not tell them: the "
			"configuration of kernel %s is not to be found (/boot/config-%s)",
			source->release, source->release);
	c_text__free(&taken);
	btf__free(btf);
	return err;
}

int btf_types__fill_named(const struct kernel_types_source *source, struct c_text *probe,
			  struct types_tree *tree)
{
	return fill(source, false, probe, tree);
}

int btf_types__fill_all(const struct kernel_types_source *source, struct c_text *probe,
			struct types_tree *tree)
{
	return fill(source, true, probe, tree);
}
