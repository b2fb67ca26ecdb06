/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of hooks: what each is to the whole, how it is attached, and what can stand in its way. */
#ifndef TCPCONNECT_HOOK_H
#define TCPCONNECT_HOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hook_links.h"

struct bpf_program;

/** What a program is to the whole. */
enum hook_role {
	HOOK_NEEDED,	 /* it tells of connects, and must be attached */
	HOOK_OPTIONAL,	 /* it tells names, or what was asked for: tracing can do without */
	HOOK_IN_PLACE_OF /* it tells names, where its group cannot be hooked */
};

/** Programs that are worth something only together. */
enum hook_group {
	HOOK_NO_GROUP,
	HOOK_ROOT_CGROUP,
	HOOK_LIBC,
	HOOK_ASKED,
	HOOK_PROCESSES,
	HOOK_GROUPS,
};

/** How programs of some kinds are attached, and what can stand in the way. */
struct hook_way {
	/*
	 * Attach a loaded program and add its links. 0; -ENOENT when the kernel has nothing of that
	 * name; -EOPNOTSUPP when it was built without this; -EBUSY when another program keeps it
	 * away, which links->in_the_way then names; or another negative errno.
	 */
	int (*attach)(const struct bpf_program *program, struct hook_links *links);
	/* what is missing where attach() returned -EOPNOTSUPP, and what to do */
	const char *(*missing)(void);
	/* why the kernel keeps a helper from the program, by its verifier's log; NULL: not known */
	const char *(*refused)(const char *log);
	/* what the kernel asks of who hooks it */
	const char *needs;
};

/** A kind of hook, by how the name of a function begins. */
struct hook_kind {
	const char *prefix;
	enum hook_role role;
	enum hook_group group;
	unsigned int order; /* earliest first: a return before the entry that it belongs to */
	const struct hook_way *way;
};

/** How many orders there are. */
#define HOOK_ORDERS 3

/** @brief The kind of a program from an object that tcpconnect-compile wrote. */
const struct hook_kind *hook__kind(const struct bpf_program *program);

/** @brief What a group hooks, for messages. */
const char *hook__group_name(enum hook_group group);

/** @brief What is missing without a group, for messages. */
const char *hook__group_loss(enum hook_group group);

/**
 * @brief What would let a program be hooked where attaching it failed; NULL: not known.
 * @param links those that it was not added to; NULL: it could not be loaded
 */
const char *hook__cure(const struct hook_kind *kind, int err, const struct hook_links *links);

/** @brief Does the running kernel have kprobes? */
bool hook__has_kprobes(void);

/** @brief The same; -EOPNOTSUPP after one line on stderr where it has none. */
int hook__need_kprobes(void);

/** @brief Does it have kprobes, and lets them read what they are called with? */
bool hook__may_kprobe(void);

/** @brief May programs read kernel memory (kernel_lockdown(7))? */
bool hook__may_read_kernel(void);

#endif
