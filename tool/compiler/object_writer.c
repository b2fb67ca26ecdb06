// SPDX-License-Identifier: Apache-2.0
#include "object_writer.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/btf.h>
#include <gelf.h>
#include <libelf.h>

#include "hook_name.h"
#include "object_btf.h"
#include "object_btf_ext.h"
#include "object/object_sections.h"

/* The one relocation kind of maps: a 64-bit immediate in two instructions (LLVM's BPF back end). */
#ifndef R_BPF_64_64
#define R_BPF_64_64 1
#endif

/*
 * A growing block of bytes: libelf keeps pointers to what is written until the object is finished.
 */
struct block {
	void *bytes;
	size_t size;
	size_t capacity;
};

static int block__append(struct block *block, const void *bytes, size_t size)
{
	if (block->size + size > block->capacity) {
		size_t capacity = 2 * (block->size + size);
		void *grown = realloc(block->bytes, capacity);

		if (!grown)
			return -ENOMEM;
		block->bytes = grown;
		block->capacity = capacity;
	}
	memcpy((char *)block->bytes + block->size, bytes, size);
	block->size += size;
	return 0;
}

/* Appends a string and tells its offset in the table. */
static int strings__add(struct block *strings, const char *string, size_t *offset)
{
	*offset = strings->size;
	return block__append(strings, string, strlen(string) + 1);
}

struct writer {
	const struct bcc_module *module;
	Elf *elf;
	struct block strings;
	struct block symbols;
	struct block *programs;	   /* instructions, one for each program, as libbpf wants them */
	struct block *relocations; /* likewise */
	struct block maps;	   /* zeros: libbpf reads the attributes from BTF */
	struct btf *btf;
	void *btf_ext;
	size_t symbol_table; /* section index */
	char *why;
	size_t why_size;
};

static int fail_elf(struct writer *writer, const char *what)
{
	snprintf(writer->why, writer->why_size, "%s: %s", what, elf_errmsg(-1));
	return -EIO;
}

struct section {
	const char *name;
	Elf64_Word type;
	Elf64_Xword flags;
	Elf64_Xword entry_size;
	size_t link;
	size_t info;
	size_t alignment;
	Elf_Type data_type;
	const void *bytes;
	size_t size;
};

/* Adds a section; its bytes must live until elf_update(). */
static int add_section(struct writer *writer, const struct section *section, size_t *index)
{
	Elf_Scn *scn = elf_newscn(writer->elf);
	Elf_Data *data = scn ? elf_newdata(scn) : NULL;
	Elf64_Shdr *header = scn ? elf64_getshdr(scn) : NULL;
	size_t name;
	int err;

	if (!data || !header)
		return fail_elf(writer, section->name);
	err = strings__add(&writer->strings, section->name, &name);
	if (err)
		return err;
	data->d_buf = (void *)section->bytes;
	data->d_size = section->size;
	data->d_type = section->data_type;
	data->d_align = section->alignment;
	data->d_version = EV_CURRENT;
	header->sh_name = name;
	header->sh_type = section->type;
	header->sh_flags = section->flags;
	header->sh_entsize = section->entry_size;
	header->sh_link = section->link;
	header->sh_info = section->info;
	if (index)
		*index = elf_ndxscn(scn);
	return 0;
}

static int add_bytes(struct writer *writer, const char *name, const void *bytes, size_t size,
		     Elf64_Xword flags, size_t *index)
{
	const struct section section = {
		.name = name,
		.type = SHT_PROGBITS,
		.flags = flags,
		.alignment = 8,
		.data_type = ELF_T_BYTE,
		.bytes = bytes,
		.size = size,
	};

	return add_section(writer, &section, index);
}

static int add_symbol(struct writer *writer, const char *name, int type, size_t section,
		      size_t value, size_t size)
{
	Elf64_Sym symbol = {
		.st_info = ELF64_ST_INFO(STB_GLOBAL, type),
		.st_shndx = section,
		.st_value = value,
		.st_size = size,
	};
	size_t offset;
	int err = strings__add(&writer->strings, name, &offset);

	if (err)
		return err;
	symbol.st_name = offset;
	return block__append(&writer->symbols, &symbol, sizeof(symbol));
}

/* The symbol table begins with the null symbol, then come the maps in their order. */
static int add_maps(struct writer *writer)
{
	const struct bcc_module *module = writer->module;
	static const Elf64_Sym null_symbol;
	static const char zeros[OBJECT_BTF_MAP_SIZE];
	size_t section;
	int err = block__append(&writer->symbols, &null_symbol, sizeof(null_symbol));

	for (size_t i = 0; i < module->map_count && !err; i++)
		err = block__append(&writer->maps, zeros, sizeof(zeros));
	if (!err)
		err = add_bytes(writer, ".maps", writer->maps.bytes, writer->maps.size,
				SHF_ALLOC | SHF_WRITE, &section);
	for (size_t i = 0; i < module->map_count && !err; i++)
		err = add_symbol(writer, module->maps[i].name, STT_OBJECT, section,
				 i * OBJECT_BTF_MAP_SIZE, OBJECT_BTF_MAP_SIZE);
	return err;
}

/* Symbol number of the map that libbcc knows by a descriptor, or 0. */
static size_t map_symbol(const struct bcc_module *module, int fd)
{
	for (size_t i = 0; i < module->map_count; i++)
		if (module->maps[i].fd == fd)
			return i + 1;
	return 0;
}

/*
 * libbcc writes the calls of Linux before 5.5, which programs of cgroups may not make; those that
 * came then do the same for the kernel's memory.
 */
static void renew_call(struct bpf_insn *insn)
{
	if (insn->code != (BPF_JMP | BPF_CALL) || insn->src_reg != 0)
		return;
	if (insn->imm == BPF_FUNC_probe_read)
		insn->imm = BPF_FUNC_probe_read_kernel;
	else if (insn->imm == BPF_FUNC_probe_read_str)
		insn->imm = BPF_FUNC_probe_read_kernel_str;
}

/* Copies the instructions, and turns each map's descriptor into a relocation. */
static int relocate(struct writer *writer, const struct bcc_program *program,
		    const struct hook_name *hook, struct block *insns, struct block *relocations)
{
	int err = 0;

	for (size_t i = 0; i < program->insn_count && !err; i++) {
		struct bpf_insn insn = program->insns[i];

		if (insn.code == (BPF_LD | BPF_IMM | BPF_DW) && insn.src_reg == BPF_PSEUDO_MAP_FD) {
			size_t symbol = map_symbol(writer->module, insn.imm);
			Elf64_Rel relocation = {
				.r_offset = i * sizeof(insn),
				.r_info = ELF64_R_INFO(symbol, R_BPF_64_64),
			};

			if (!symbol) {
				snprintf(writer->why, writer->why_size,
					 "%s refers to a map that libbcc does not name",
					 program->name);
				return -EINVAL;
			}
			insn.src_reg = 0;
			insn.imm = 0;
			err = block__append(relocations, &relocation, sizeof(relocation));
		}
		if (!hook->has_old_reads)
			renew_call(&insn);
		if (!err)
			err = block__append(insns, &insn, sizeof(insn));
	}
	return err;
}

static int add_program(struct writer *writer, size_t number)
{
	const struct bcc_program *program = &writer->module->programs[number];
	struct block *insns = &writer->programs[number];
	struct hook_name hook;
	size_t section = 0;
	int err = hook_name__read(program->name, &hook, writer->why, writer->why_size);

	if (!err)
		err = relocate(writer, program, &hook, insns, &writer->relocations[number]);
	if (!err)
		err = add_bytes(writer, hook.section, insns->bytes, insns->size,
				SHF_ALLOC | SHF_EXECINSTR, &section);
	if (!err)
		err = add_symbol(writer, program->name, STT_FUNC, section, 0, insns->size);
	return err;
}

/*
 * Sections of relocations follow the programs, so that program N has the section N + 1 after
 * `.maps`.
 */
static int add_relocations(struct writer *writer, size_t number, size_t program_section)
{
	const struct block *relocations = &writer->relocations[number];
	struct hook_name hook;
	char name[sizeof(hook.section) + 4] = ".rel";
	const struct section section = {
		.name = name,
		.type = SHT_REL,
		.flags = SHF_INFO_LINK,
		.entry_size = sizeof(Elf64_Rel),
		.link = writer->symbol_table,
		.info = program_section,
		.alignment = 8,
		.data_type = ELF_T_REL,
		.bytes = relocations->bytes,
		.size = relocations->size,
	};
	int err = hook_name__read(writer->module->programs[number].name, &hook, writer->why,
				  writer->why_size);

	if (err || !relocations->size)
		return err;
	strcat(name, hook.section);
	return add_section(writer, &section, NULL);
}

static int add_symbol_table(struct writer *writer, size_t string_table)
{
	const struct section section = {
		.name = ".symtab",
		.type = SHT_SYMTAB,
		.entry_size = sizeof(Elf64_Sym),
		.link = string_table,
		.info = 1, /* the null symbol is the only local one */
		.alignment = 8,
		.data_type = ELF_T_SYM,
		.bytes = writer->symbols.bytes,
		.size = writer->symbols.size,
	};

	return add_section(writer, &section, &writer->symbol_table);
}

/* The string table is the last to be filled, since every section's name goes into it. */
static int add_string_table(struct writer *writer, Elf_Data **data, size_t *index)
{
	const struct section section = {
		.name = ".strtab",
		.type = SHT_STRTAB,
		.alignment = 1,
		.data_type = ELF_T_BYTE,
	};
	int err = add_section(writer, &section, index);

	if (!err)
		*data = elf_getdata(elf_getscn(writer->elf, *index), NULL);
	return err;
}

static int add_header(struct writer *writer, size_t string_table)
{
	Elf64_Ehdr *header = elf64_newehdr(writer->elf);

	if (!header)
		return fail_elf(writer, "ELF header");
	header->e_ident[EI_DATA] =
		__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;
	header->e_type = ET_REL;
	header->e_machine = EM_BPF;
	header->e_version = EV_CURRENT;
	header->e_shstrndx = string_table;
	return 0;
}

static int add_btf(struct writer *writer, const char *text)
{
	uint32_t size = 0;
	size_t ext_size = 0;
	const void *bytes;
	int err =
		object_btf__make(writer->module, text, &writer->btf, writer->why, writer->why_size);

	if (err)
		return err;
	err = object_btf_ext__make(writer->module, text, writer->btf, &writer->btf_ext, &ext_size);
	if (err)
		return err;
	bytes = btf__raw_data(writer->btf, &size);
	if (!bytes)
		return -ENOMEM;
	err = add_bytes(writer, ".BTF", bytes, size, 0, NULL);
	return err || !ext_size ? err
				: add_bytes(writer, ".BTF.ext", writer->btf_ext, ext_size, 0, NULL);
}

/* Header, string table and maps: the sections that the others refer to. */
static int add_base(struct writer *writer, Elf_Data **strings, size_t *string_table)
{
	size_t offset;
	int err = strings__add(&writer->strings, "", &offset);

	if (!err)
		err = add_header(writer, 1); /* the string table comes first */
	if (!err)
		err = add_string_table(writer, strings, string_table);
	return err ? err : add_maps(writer);
}

static int add_programs(struct writer *writer, size_t string_table)
{
	const size_t count = writer->module->program_count, first_program = string_table + 2;
	int err = 0;

	for (size_t i = 0; i < count && !err; i++)
		err = add_program(writer, i);
	if (!err)
		err = add_symbol_table(writer, string_table);
	for (size_t i = 0; i < count && !err; i++)
		err = add_relocations(writer, i, first_program + i);
	return err;
}

/* What the object says of itself, and the licence that the kernel asks for. */
static int add_facts(struct writer *writer, const char *text, const char *kernel, const char *maker)
{
	const struct {
		const char *section;
		const char *fact;
	} facts[] = {{OBJECT_TEXT_SECTION, text},
		     {OBJECT_KERNEL_SECTION, kernel},
		     {OBJECT_MAKER_SECTION, maker}};
	const char *license = writer->module->license;
	int err = add_bytes(writer, "license", license, strlen(license) + 1, SHF_ALLOC | SHF_WRITE,
			    NULL);

	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]) && !err; i++)
		err = add_bytes(writer, facts[i].section, facts[i].fact, strlen(facts[i].fact), 0,
				NULL);
	return err;
}

static int build(struct writer *writer, const char *text, const char *kernel, const char *maker)
{
	Elf_Data *strings = NULL;
	size_t string_table = 0;
	int err = add_base(writer, &strings, &string_table);

	if (!err)
		err = add_programs(writer, string_table);
	if (!err)
		err = add_btf(writer, text);
	if (!err)
		err = add_facts(writer, text, kernel, maker);
	if (err)
		return err;
	strings->d_buf = writer->strings.bytes;
	strings->d_size = writer->strings.size;
	return elf_update(writer->elf, ELF_C_WRITE) < 0 ? fail_elf(writer, "writing") : 0;
}

static void free_blocks(struct block *blocks, size_t count)
{
	for (size_t i = 0; blocks && i < count; i++)
		free(blocks[i].bytes);
	free(blocks);
}

int object_writer__write(int fd, const struct bcc_module *module, const char *text,
			 const char *kernel, const char *maker, char *why, size_t why_size)
{
	struct writer writer = {.module = module, .why = why, .why_size = why_size};
	int err = -ENOMEM;

	snprintf(why, why_size, "out of memory");
	writer.programs = calloc(module->program_count + 1, sizeof(*writer.programs));
	writer.relocations = calloc(module->program_count + 1, sizeof(*writer.relocations));
	if (!writer.programs || !writer.relocations)
		goto out;
	elf_version(EV_CURRENT);
	writer.elf = elf_begin(fd, ELF_C_WRITE, NULL);
	if (!writer.elf) {
		err = fail_elf(&writer, "elf_begin");
		goto out;
	}
	err = build(&writer, text, kernel, maker);
out:
	elf_end(writer.elf);
	btf__free(writer.btf);
	free(writer.btf_ext);
	free_blocks(writer.programs, module->program_count);
	free_blocks(writer.relocations, module->program_count);
	free(writer.strings.bytes);
	free(writer.symbols.bytes);
	free(writer.maps.bytes);
	return err;
}
