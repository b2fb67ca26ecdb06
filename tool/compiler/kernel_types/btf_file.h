/* SPDX-License-Identifier: Apache-2.0 */
/* BTF from an open file, raw or in a section of an ELF file. */
#ifndef TCPCONNECT_BTF_FILE_H
#define TCPCONNECT_BTF_FILE_H

struct btf;

/**
 * @brief Read BTF.
 * @param fd as open(2) left it; stays the caller's, and can be read again
 * @return for btf__free(), or NULL when there is none
 *
 * As btf__parse() does with a path, which need not be within reach any more.
 */
struct btf *btf_file__read(int fd);

#endif
