/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libbcc's compiler: BPF C text in, instructions and the attributes of maps out. Nothing is created
 * in the kernel.
 */
#ifndef TCPCONNECT_BCC_MODULE_H
#define TCPCONNECT_BCC_MODULE_H

#include <stddef.h>
#include <stdint.h>
#include <linux/bpf.h>

#include "bcc_lines.h"

/** One BPF function; its name says where it hooks. */
struct bcc_program {
	const char *name;
	const struct bpf_insn *insns;
	size_t insn_count;
	struct bcc_line *lines; /* where they come from, if libbcc tells */
	size_t line_count;
};

/** One table. A reference to it in a program is a BPF_LD_IMM64 whose imm is `fd`. */
struct bcc_map {
	const char *name;
	uint32_t type; /* enum bpf_map_type */
	uint32_t key_size;
	uint32_t value_size;
	uint32_t max_entries;
	uint32_t flags;
	int fd;
};

/**
 * A field of the struct that goes through a perf buffer, as libbcc writes it: say `comm`,
 * `char[16]`.
 */
struct bcc_field {
	char *name;
	char *type;
};

/** All of it belongs to the module. */
struct bcc_module {
	void *handle;
	const char *license;
	struct bcc_program *programs;
	size_t program_count;
	struct bcc_map *maps;
	size_t map_count;
	struct bcc_field *event_fields; /* of the perf output named `events` */
	size_t event_field_count;
};

/**
 * @brief Compile BPF C.
 * @param text the program
 * @param kernel_tree the header tree that libbcc is to use
 * @param cflags, cflag_count further flags for clang
 * @param module on success, a module for bcc_module__free()
 * @return 0, -EINVAL when libbcc refused the text (its messages went to stderr), -ENOMEM
 *
 * libbcc prints to stdout as it likes: the caller has put stdout away.
 */
int bcc_module__compile(const char *text, const char *kernel_tree, const char *const *cflags,
			size_t cflag_count, struct bcc_module **module);

/** @brief Free a module, or NULL. */
void bcc_module__free(struct bcc_module *module);

#endif
