/* SPDX-License-Identifier: Apache-2.0 */
/* Who keeps others from attaching to a cgroup. */
#ifndef TCPCONNECT_CGROUP_HOLDER_H
#define TCPCONNECT_CGROUP_HOLDER_H

#include <stdbool.h>
#include <stddef.h>

#include <linux/bpf.h>

/**
 * @brief Say which program has a cgroup's hook to itself, and whose it is.
 * @param cgroup its descriptor
 * @param text on success: "program ID 'NAME' of process PID (COMM) is attached …", harmless for a
 *        terminal; the process is left out where none has the program open that can be seen
 * @return false when there is none, or it must not be asked for
 *
 * A program that was attached without BPF_F_ALLOW_MULTI tolerates none beside it on its cgroup, and
 * without BPF_F_ALLOW_OVERRIDE none on those below (kernel/bpf/cgroup.c, __cgroup_bpf_attach()).
 * Looking for the process takes at most CGROUP_HOLDER_SEARCH_MS.
 */
bool cgroup_holder__describe(int cgroup, enum bpf_attach_type type, char *text, size_t size);

#define CGROUP_HOLDER_SEARCH_MS 300

#endif
