// SPDX-License-Identifier: Apache-2.0
/*
 * libbcc has no function that tells the lines, but it passes them on when it loads a program. As
 * with bcc_create_map_xattr() (bcc_module.c), this program's functions take the place of those that
 * libbcc would call to talk to the kernel: nothing is loaded, and what would be is looked at. Where
 * a libbcc does not come here, programs have no lines, and all else is as it was.
 */
#include "bcc_lines.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <bcc/bcc_common.h>
#include <bpf/bpf.h>
#include <bpf/btf.h>

/* libbcc calls back without a word of whom for: one module is compiled at a time. */
static struct {
	const struct btf *btf;	/* of the module that was compiled last */
	struct bcc_line *lines; /* of the program that is asked for */
	size_t count;
	int err;
} answer;

int bcc_prog_load_xattr(enum bpf_prog_type type, const char *name, const char *license,
			const struct bpf_insn *insns, struct bpf_prog_load_opts *opts, int length,
			char *log, unsigned int log_size, bool allow_rlimit);

/* Called once, when libbcc has compiled: without it, it would take its BTF for unusable. */
int btf__load_into_kernel(struct btf *btf)
{
	answer.btf = btf;
	return 0;
}

int btf__fd(const struct btf *btf)
{
	(void)btf;
	return 0;
}

static const char *file_of(const struct bpf_line_info *info)
{
	const char *path = btf__str_by_offset(answer.btf, info->file_name_off);
	const char *slash = path ? strrchr(path, '/') : NULL;

	return slash ? slash + 1 : path ? path : "";
}

static int take_lines(const void *records, size_t count, size_t record_size)
{
	answer.lines = calloc(count, sizeof(*answer.lines));
	if (!answer.lines)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		const struct bpf_line_info *info =
			(const void *)((const char *)records + i * record_size);

		answer.lines[i] = (struct bcc_line){
			.instruction = info->insn_off,
			.line = BPF_LINE_INFO_LINE_NUM(info->line_col),
			.column = BPF_LINE_INFO_LINE_COL(info->line_col),
			.file = strdup(file_of(info)),
		};
		if (!answer.lines[i].file)
			return -ENOMEM;
		answer.count++;
	}
	return 0;
}

/* Called for each program that bcc_lines__read() asks for. Nothing is loaded. */
int bcc_prog_load_xattr(enum bpf_prog_type type, const char *name, const char *license,
			const struct bpf_insn *insns, struct bpf_prog_load_opts *opts, int length,
			char *log, unsigned int log_size, bool allow_rlimit)
{
	(void)type;
	(void)name;
	(void)license;
	(void)insns;
	(void)length;
	(void)log;
	(void)log_size;
	(void)allow_rlimit;
	if (answer.btf && opts->line_info_cnt &&
	    opts->line_info_rec_size >= sizeof(struct bpf_line_info))
		answer.err =
			take_lines(opts->line_info, opts->line_info_cnt, opts->line_info_rec_size);
	return -1;
}

/* bcc_func_load() of libbcc 0.26 and of the later ones that have another argument for flags. */
typedef int (*load_fn)(void *module, int type, const char *name, const struct bpf_insn *insns,
		       int length, const char *license, unsigned int version, int log_level,
		       char *log, unsigned int log_size, const char *device, int attach_type);
typedef int (*load_with_flags_fn)(void *module, int type, const char *name,
				  const struct bpf_insn *insns, int length, const char *license,
				  unsigned int version, int log_level, char *log,
				  unsigned int log_size, const char *device, unsigned int flags,
				  int attach_type);

/* What a program is loaded with. */
struct load {
	void *module;
	const char *name;
	const struct bpf_insn *insns;
	int length; /* in bytes */
};

__attribute__((unused)) static void load(load_fn fn, const struct load *load)
{
	fn(load->module, BPF_PROG_TYPE_KPROBE, load->name, load->insns, load->length, "GPL", 0, 0,
	   NULL, 0, NULL, -1);
}

__attribute__((unused)) static void load_with_flags(load_with_flags_fn fn, const struct load *load)
{
	fn(load->module, BPF_PROG_TYPE_KPROBE, load->name, load->insns, load->length, "GPL", 0, 0,
	   NULL, 0, NULL, 0, -1);
}

/* Another libbcc yet, with arguments that nobody here knows. */
__attribute__((unused)) static void do_not_load(const void *fn, const struct load *load)
{
	(void)fn;
	(void)load;
}

#define LOADER(fn) \
	_Generic((fn), load_fn : load, load_with_flags_fn : load_with_flags, default : do_not_load)

static void ask(void *handle, size_t number)
{
	const struct load request = {
		.module = handle,
		.name = bpf_function_name(handle, number),
		.insns = bpf_function_start_id(handle, number),
		.length = (int)bpf_function_size_id(handle, number),
	};

	LOADER (&bcc_func_load)(&bcc_func_load, &request);
}

int bcc_lines__read(void *handle, size_t number, struct bcc_line **lines, size_t *count)
{
	answer.lines = NULL;
	answer.count = 0;
	answer.err = 0;
	if (answer.btf)
		ask(handle, number);
	*lines = answer.lines;
	*count = answer.count;
	return answer.err;
}

void bcc_lines__free(struct bcc_line *lines, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(lines[i].file);
	free(lines);
}
