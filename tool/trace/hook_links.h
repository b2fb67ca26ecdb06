/* SPDX-License-Identifier: Apache-2.0 */
/* What holds programs at their hooks, and takes them away. */
#ifndef TCPCONNECT_HOOK_LINKS_H
#define TCPCONNECT_HOOK_LINKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bpf_link;
struct bpf_program;
struct returns;

/** What holds a program at its hook; one program can have several. */
struct hook_link {
	struct bpf_link *link; /* NULL: it is none of libbpf's */
	int fd;		       /* the link's, or what holds it if there is none */
	const struct bpf_program *program;
};

/** All of them, in the order in which they were attached. Zeroed, there is none. */
struct hook_links {
	struct hook_link *list;
	size_t count;
	struct returns *returns; /* NULL: none have needed more than the kernel's own instances */
	char in_the_way[320];	 /* who, where the last attach failed with -EBUSY */
};

/**
 * @brief How often kprobes were hit and not run, since the kernel was in another one on that CPU.
 *
 * The kernel tells that of entries and returns since 6.7; before, 0. A return that was missed
 * leaves its entry's traces, so only entries are counted.
 */
uint64_t hook_links__missed(const struct hook_links *links);

/** @brief Is a program at its hook, or at one of them? */
bool hook_links__has(const struct hook_links *links, const struct bpf_program *program);

/** @brief Take the hooks of some programs away, the last one first. */
void hook_links__detach_some(struct hook_links *links,
			     bool (*is_one)(const struct bpf_program *program));

/**
 * @brief Take over a link.
 * @param link NULL: the error stands in errno
 * @return 0, or a negative errno
 */
int hook_links__add(struct hook_links *links, const struct bpf_program *program,
		    struct bpf_link *link);

/** @brief Take over a link's descriptor, or a negative errno, which is returned. */
int hook_links__add_fd(struct hook_links *links, const struct bpf_program *program, int fd);

/** @brief Add the links of others, which have none then. */
void hook_links__move(struct hook_links *to, struct hook_links *from);

/** @brief Take all hooks away, the last one first. */
void hook_links__detach(struct hook_links *links);

/**
 * @brief The same for hooks that the kernel takes its time to take away: a process of its own waits
 * for that, in the background, and ends.
 *
 * A uprobe takes two grace periods (kernel/events/uprobes.c, uprobe_unregister_sync()): 80 ms on an
 * idle machine, one after the other, in which nobody would read events.
 */
void hook_links__detach_aside(struct hook_links *links);

#endif
