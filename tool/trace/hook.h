/* SPDX-License-Identifier: Apache-2.0 */
/* Attaches one program where its section says; nobody else asks which kind of hook it is. */
#ifndef TCPCONNECT_HOOK_H
#define TCPCONNECT_HOOK_H

#include <stddef.h>
#include <stdint.h>

struct bpf_link;
struct bpf_program;

/** What programs that only tell names are attached to. */
enum hook_option {
	HOOK_NO_OPTION, /* the program tells more, and must be attached */
	HOOK_ROOT_CGROUP,
	HOOK_LIBC,
	HOOK_OPTIONS,
};

/**
 * What holds programs at their hooks, in the order in which they were attached. Zeroed, there is
 * none.
 */
struct hook_links {
	struct bpf_link **links;
	size_t count;
};

/** @brief Does the running kernel have kprobes? */
int hook__has_kprobes(void);

/** @brief Does it have kprobes, and lets them read what they are called with? */
int hook__may_kprobe(void);

/**
 * @brief Attach a program.
 * @param program loaded, from an object that tcpconnect-compile wrote
 * @param links where its links are added: one, or one for each C library with a uprobe
 * @return 0; -ENOENT when the kernel has nothing of that name; -EOPNOTSUPP when it was built
 *         without this kind of hook; or another negative errno
 */
int hook__attach(const struct bpf_program *program, struct hook_links *links);

/**
 * @brief How often kprobes were hit and not run, since the kernel was in another one on that CPU.
 *
 * The kernel tells that of entries and returns since 6.7; before, 0. A return that was missed
 * leaves its entry's traces, so only entries are counted.
 */
uint64_t hook__missed(const struct hook_links *links);

/** @brief Take all hooks away, the last one first. */
void hook__detach(struct hook_links *links);

/** The rank of what is attached instead of something else, when that is known to be missing. */
#define HOOK_LAST_RANK 2

/** @brief When it is attached, earliest first: a return before the entry that it belongs to. */
int hook__rank(const struct bpf_program *program);

/** @brief What tracing can do without if it must, with fewer names. */
enum hook_option hook__option(const struct bpf_program *program);

/** @brief The option in whose place it is attached, only if that can't be; else HOOK_NO_OPTION. */
enum hook_option hook__instead_of(const struct bpf_program *program);

/**
 * @brief What is missing where an attach failed with -EOPNOTSUPP, and what to do, for a message.
 */
const char *hook__lack(const struct bpf_program *program);

/**
 * @brief Why the kernel refuses a program a helper, and what to do, for a message; NULL if that is
 * not known.
 */
const char *hook__without_helper(const struct bpf_program *program);

/** @brief What an option hooks, for messages. */
const char *hook__option_name(enum hook_option option);

#endif
