/* SPDX-License-Identifier: Apache-2.0 */
/* Where functions lie in a shared library that anybody may have written. */
#ifndef TCPCONNECT_ELF_FUNCTIONS_H
#define TCPCONNECT_ELF_FUNCTIONS_H

#include <stddef.h>
#include <stdint.h>

/**
 * @brief Look functions up as the dynamic linker does, by the library's hash table (ELF gABI, chapter
 * 5; DT_GNU_HASH: binutils' bfd/elflink.c).
 *
 * What is read is bounded whatever the file says: some hundred bytes a name, and no more than
 * ELF_FUNCTIONS_CHAIN_MAX entries of a chain. The file is read, not mapped: it may be cut short
 * meanwhile.
 *
 * @param fd open for reading
 * @param offsets filled: where the functions begin in the file, in bytes; 0 for one that is not there
 * @return 0; -ENOEXEC for a file that is no 64-bit library of this tool's own machine; -EINVAL for one
 * that contradicts itself; or another negative errno of reading
 */
int elf_functions__find(int fd, const char *const *names, size_t count, uint64_t *offsets);

/** Entries of a hash chain that are looked at: glibc's longest has fewer than 20. */
#define ELF_FUNCTIONS_CHAIN_MAX 1024

#endif
