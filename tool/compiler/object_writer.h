/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes what was compiled as an ordinary BPF ELF object, which libbpf, llvm-objdump and bpftool
 * read.
 */
#ifndef TCPCONNECT_OBJECT_WRITER_H
#define TCPCONNECT_OBJECT_WRITER_H

#include "bcc_module.h"

/**
 * @brief Write an object.
 * @param fd a regular file or a memfd, empty and open for reading and writing
 * @param module the compiled programs and maps
 * @param text the text it was compiled from, kept in the section OBJECT_TEXT_SECTION
 * @param kernel the kernel's identity, kept in the section OBJECT_KERNEL_SECTION
 * @param maker who made it, kept in the section OBJECT_MAKER_SECTION
 * @param why, why_size on failure: what failed, in words
 * @return 0 or a negative errno
 *
 * Each program has a section named after its hook, each map a variable in `.maps` (BTF-defined, as
 * in libbpf's bpf_helpers.h), the event's layout is the BTF struct `event`.
 */
int object_writer__write(int fd, const struct bcc_module *module, const char *text,
			 const char *kernel, const char *maker, char *why, size_t why_size);

#endif
