/* SPDX-License-Identifier: Apache-2.0 */
/* Attaches one program where its section says; nobody else asks which kind of hook it is. */
#ifndef TCPCONNECT_HOOK_H
#define TCPCONNECT_HOOK_H

#include <stddef.h>

struct bpf_link;
struct bpf_program;

/** What holds programs at their hooks, in the order in which they were attached. Zeroed, there is
 * none. */
struct hook_links {
	struct bpf_link **links;
	size_t count;
};

/** @brief Does the running kernel have kprobes? */
int hook__has_kprobes(void);

/**
 * @brief Attach a program.
 * @param program loaded, from an object that tcpconnect-compile wrote
 * @param links where its links are added: one, or one for each C library with a uprobe
 * @return 0; -ENOENT when the kernel has nothing of that name; -EOPNOTSUPP when it was built
 *         without this kind of hook; or another negative errno
 */
int hook__attach(const struct bpf_program *program, struct hook_links *links);

/** @brief Take all hooks away, the last one first. */
void hook__detach(struct hook_links *links);

/** @brief When it is attached, earliest first: a return before the entry that it belongs to. */
int hook__rank(const struct bpf_program *program);

/** @brief Is this one of the hooks that see connects, and not only answers of the DNS? */
int hook__sees_connects(const struct bpf_program *program);

/**
 * @brief What it is hooked to, if tracing is of use without: it only tells names. Else NULL.
 *
 * All programs with the same answer are hooked to the same.
 */
const char *hook__optional_target(const struct bpf_program *program);

#endif
