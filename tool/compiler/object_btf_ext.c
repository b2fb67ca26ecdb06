// SPDX-License-Identifier: Apache-2.0
#include "object_btf_ext.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/btf.h>
#include <linux/btf.h>

#include "hook_name.h"

#define LINE_MAX_BYTES 256

/* As libbpf reads it; uapi has no struct for it. */
struct ext_header {
	uint16_t magic;
	uint8_t version;
	uint8_t flags;
	uint32_t header_size;
	uint32_t functions_offset, functions_size; /* behind the header */
	uint32_t lines_offset, lines_size;
};

/* What goes before the records of one section of the object. */
struct ext_section {
	uint32_t name;
	uint32_t count;
};

/* Where a file's lines begin in the text: behind `#line 1 "FILE"`. */
static const char *find_file(const char *text, const char *file)
{
	char directive[LINE_MAX_BYTES];
	const char *found;

	snprintf(directive, sizeof(directive), "#line 1 \"%s\"\n", file);
	found = strstr(text, directive);
	return found ? found + strlen(directive) : NULL;
}

/* A line of a file of the text, without its indent; empty when it is not there. */
static void copy_line(const char *text, const struct bcc_line *wanted, char line[LINE_MAX_BYTES])
{
	const char *at = find_file(text, wanted->file);

	line[0] = '\0';
	for (uint32_t number = 1; at && number < wanted->line; number++) {
		at = strchr(at, '\n');
		if (at)
			at++;
	}
	if (!at)
		return;
	at += strspn(at, " \t");
	snprintf(line, LINE_MAX_BYTES, "%.*s", (int)strcspn(at, "\n"), at);
}

/* int NAME(void *context) */
static int add_function(struct btf *btf, const char *name)
{
	int result = btf__find_by_name_kind(btf, "int", BTF_KIND_INT);
	int context = btf__add_ptr(btf, 0);
	int prototype = context < 0 ? context : btf__add_func_proto(btf, result);
	int err = prototype < 0 ? prototype : btf__add_func_param(btf, "ctx", context);

	return err < 0 ? err : btf__add_func(btf, name, BTF_FUNC_STATIC, prototype);
}

static int write_function(FILE *out, struct btf *btf, const struct bcc_program *program,
			  uint32_t section)
{
	struct ext_section head = {.name = section, .count = 1};
	int function = add_function(btf, program->name);
	struct bpf_func_info info = {.type_id = (uint32_t)function};

	if (function < 0)
		return function;
	fwrite(&head, sizeof(head), 1, out);
	fwrite(&info, sizeof(info), 1, out);
	return 0;
}

static int write_lines(FILE *out, struct btf *btf, const struct bcc_program *program,
		       const char *text, uint32_t section)
{
	struct ext_section head = {.name = section, .count = (uint32_t)program->line_count};

	fwrite(&head, sizeof(head), 1, out);
	for (size_t i = 0; i < program->line_count; i++) {
		const struct bcc_line *line = &program->lines[i];
		/* the section counts bytes, the kernel instructions */
		struct bpf_line_info info = {.insn_off = line->instruction *
							 (uint32_t)sizeof(struct bpf_insn),
					     .line_col = line->line << 10 | (line->column & 0x3ff)};
		char words[LINE_MAX_BYTES];
		int file, source;

		copy_line(text, line, words);
		file = btf__add_str(btf, line->file);
		source = btf__add_str(btf, words);
		if (file < 0 || source < 0)
			return -ENOMEM;
		info.file_name_off = (uint32_t)file;
		info.line_off = (uint32_t)source;
		fwrite(&info, sizeof(info), 1, out);
	}
	return 0;
}

/* Both parts for every program that has lines: the kernel takes lines only with a function. */
static int write_parts(const struct bcc_module *module, const char *text, struct btf *btf,
		       FILE *functions, FILE *lines)
{
	const uint32_t function_size = sizeof(struct bpf_func_info);
	const uint32_t line_size = sizeof(struct bpf_line_info);
	int err = 0;

	fwrite(&function_size, sizeof(function_size), 1, functions);
	fwrite(&line_size, sizeof(line_size), 1, lines);
	for (size_t i = 0; i < module->program_count && !err; i++) {
		const struct bcc_program *program = &module->programs[i];
		struct hook_name hook;
		char why[512];
		int section;

		if (!program->line_count ||
		    hook_name__read(program->name, &hook, why, sizeof(why)) != 0)
			continue;
		section = btf__add_str(btf, hook.section);
		err = section < 0 ? section
				  : write_function(functions, btf, program, (uint32_t)section);
		if (!err)
			err = write_lines(lines, btf, program, text, (uint32_t)section);
	}
	return err;
}

static int join(const char *functions, size_t functions_size, const char *lines, size_t lines_size,
		void **bytes, size_t *size)
{
	const struct ext_header header = {
		.magic = BTF_MAGIC,
		.version = BTF_VERSION,
		.header_size = sizeof(header),
		.functions_size = (uint32_t)functions_size,
		.lines_offset = (uint32_t)functions_size,
		.lines_size = (uint32_t)lines_size,
	};
	char *joined = malloc(sizeof(header) + functions_size + lines_size);

	if (!joined)
		return -ENOMEM;
	memcpy(joined, &header, sizeof(header));
	memcpy(joined + sizeof(header), functions, functions_size);
	memcpy(joined + sizeof(header) + functions_size, lines, lines_size);
	*bytes = joined;
	*size = sizeof(header) + functions_size + lines_size;
	return 0;
}

static bool has_lines(const struct bcc_module *module)
{
	for (size_t i = 0; i < module->program_count; i++)
		if (module->programs[i].line_count)
			return true;
	return false;
}

int object_btf_ext__make(const struct bcc_module *module, const char *text, struct btf *btf,
			 void **bytes, size_t *size)
{
	char *functions = NULL, *lines = NULL;
	size_t functions_size = 0, lines_size = 0;
	FILE *to_functions, *to_lines;
	int err = -ENOMEM;

	*bytes = NULL;
	*size = 0;
	if (!has_lines(module))
		return 0;
	to_functions = open_memstream(&functions, &functions_size);
	to_lines = open_memstream(&lines, &lines_size);
	if (to_functions && to_lines)
		err = write_parts(module, text, btf, to_functions, to_lines);
	if (to_functions && fclose(to_functions) != 0)
		err = -ENOMEM;
	if (to_lines && fclose(to_lines) != 0)
		err = -ENOMEM;
	if (!err)
		err = join(functions, functions_size, lines, lines_size, bytes, size);
	free(functions);
	free(lines);
	return err;
}
