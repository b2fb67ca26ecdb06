/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Uprobes without perf events: links that the kernel sets in 0.1 ms, where perf's take 17 ms and wait
 * for whoever else has one taken away (event_mutex), 80 ms each (6.18). libbpf knows them since 1.3.
 */
#ifndef TCPCONNECT_UPROBE_MULTI_H
#define TCPCONNECT_UPROBE_MULTI_H

#include <stdbool.h>
#include <stdint.h>

struct bpf_program;

/**
 * @brief Does the running kernel have them, so that it takes them away in time? They are there since
 * Linux 6.6; on an emulated 6.12 they were not all gone after minutes, on 6.18 within seconds.
 */
bool uprobe_multi__is_known(void);

/** @brief Let an opened program be for such links, and for no others. */
void uprobe_multi__prepare(struct bpf_program *program);

/** @brief Is a program for such links? */
bool uprobe_multi__is_for(const struct bpf_program *program);

/**
 * @brief Hook a place of a file, for all processes (include/uapi/linux/bpf.h, BPF_LINK_CREATE).
 * @param offset in the file, in bytes
 * @return the link's descriptor, or a negative errno
 */
int uprobe_multi__attach(const struct bpf_program *program, const char *path, uint64_t offset,
			 bool returns);

#endif
