/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which processes there are to look at: those that run when tracing begins, programs that are
 * executed later, as probes/processes.c tells them, and in slow rounds all, for what neither shows.
 */
#ifndef TCPCONNECT_PROCESSES_H
#define TCPCONNECT_PROCESSES_H

#include <stdint.h>

#include "libc_hooks.h"
#include "watch.h"

struct bpf_object;
struct processes;

/**
 * @brief Get ready to follow processes, with what an object has for it.
 * @param hooks stays the caller's, and valid until processes__free()
 * @return 0, or a negative errno
 */
int processes__new(const struct bpf_object *object, struct libc_hooks *hooks,
		   struct processes **processes);

/** @brief NULL is allowed. */
void processes__free(struct processes *processes);

/**
 * @brief Follow them, beginning with what runs now: one process of each program, root directory and
 * mount namespace, which takes 5 µs for a process and 40 for one whose memory is looked at.
 */
int processes__watch(struct processes *processes, struct watch *watch);

/** @brief Wait until what runs now was looked at, a time has passed, or a signal has come. */
void processes__await_first_look(const struct processes *processes, int timeout_ms);

/**
 * @brief How many starts were not looked at, since there were too many at once. Any thread may ask.
 */
uint64_t processes__passed_over(const struct processes *processes);

#endif
