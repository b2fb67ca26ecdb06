/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A function's name says where it hooks, as in bcc; an object says it with a section's name, as in
 * libbpf.
 */
#ifndef TCPCONNECT_HOOK_NAME_H
#define TCPCONNECT_HOOK_NAME_H

#include <stddef.h>

/**
 * @brief The ELF section for a function, say `kprobe/tcp_v4_connect` for `kprobe__tcp_v4_connect`.
 * @param function the function's name
 * @param section, size where the section's name is written
 * @return 0, -ENOENT when the name says no hook, -ENAMETOOLONG
 */
int hook_name__section(const char *function, char *section, size_t size);

/** @brief The prefixes that name a hook, for messages: "kprobe__, kretprobe__, …". */
const char *hook_name__prefixes(void);

#endif
