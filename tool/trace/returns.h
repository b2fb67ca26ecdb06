/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kretprobes with room for many calls under way at once.
 *
 * The kernel keeps an instance for each call that has not returned, and misses the return of a call
 * that finds none: as many as there are CPUs where it is built without preemption, else twice that
 * and at least ten (register_kretprobe() in kernel/kprobes.c, Linux 5.10 to 6.18). On a machine with
 * few CPUs more processes than that can be in a connect, since it may sleep, say while it looks for
 * a port. A perf event cannot ask for more; tracefs can, and what is made there outlives the process:
 * a second one, which does nothing but wait for the end of the first, takes it away.
 */
#ifndef TCPCONNECT_RETURNS_H
#define TCPCONNECT_RETURNS_H

#include <stdbool.h>

struct bpf_link;
struct bpf_program;
struct returns;

/** @brief Are the kernel's own instances too few on this machine? */
bool returns__are_few(void);

/**
 * @brief Hook the return of a function, with many instances.
 * @param returns NULL at first; for returns__close() after the links are destroyed
 * @param link on success, for bpf_link__destroy()
 * @return 0 or a negative errno; -EOPNOTSUPP where there is no tracefs, or none for this process
 */
int returns__attach(struct returns **returns, const struct bpf_program *program,
		    const char *function, struct bpf_link **link);

/** @brief Take away what was made in tracefs. NULL is fine. */
void returns__close(struct returns *returns);

#endif
