/* SPDX-License-Identifier: Apache-2.0 */
/* Attaches one program where its section says; nobody else asks which kind of hook it is. */
#ifndef TCPCONNECT_HOOK_H
#define TCPCONNECT_HOOK_H

struct bpf_link;
struct bpf_program;

/** @brief Does the running kernel have kprobes? */
int hook__has_kprobes(void);

/**
 * @brief Attach a program.
 * @param program loaded, from an object that tcpconnect-compile wrote
 * @param link on success: the link, for bpf_link__destroy()
 * @return 0; -ENOENT when the kernel has nothing of that name; -EOPNOTSUPP when it was built
 *         without this kind of hook; or another negative errno
 */
int hook__attach(const struct bpf_program *program, struct bpf_link **link);

/** @brief When it is attached, earliest first: a return before the entry that it belongs to. */
int hook__rank(const struct bpf_program *program);

/** @brief Is this one of the hooks that see connects, and not only answers of the DNS? */
int hook__sees_connects(const struct bpf_program *program);

#endif
