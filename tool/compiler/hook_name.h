/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A function's name says where it hooks, as in bcc; an object says it with a section's name, as in
 * libbpf.
 */
#ifndef TCPCONNECT_HOOK_NAME_H
#define TCPCONNECT_HOOK_NAME_H

#include <stdbool.h>
#include <stddef.h>

/** Where a function hooks. */
struct hook_name {
	char section[256]; /* its ELF section, say kprobe/tcp_v4_connect */
	/* may such a program call bpf_probe_read() and bpf_probe_read_str(), which libbcc writes? */
	bool has_old_reads;
};

/**
 * @brief Read a function's name, say `kprobe__tcp_v4_connect`.
 * @param why, why_size on failure, what is wrong with the name and what there is, in words
 * @return 0; -ENOENT when the name says no hook; -ENAMETOOLONG
 */
int hook_name__read(const char *function, struct hook_name *name, char *why, size_t why_size);

#endif
