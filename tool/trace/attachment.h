/* SPDX-License-Identifier: Apache-2.0 */
/* Which programs of an object are at their hooks, and which wait for theirs. */
#ifndef TCPCONNECT_ATTACHMENT_H
#define TCPCONNECT_ATTACHMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hook.h"
#include "loader.h"

struct bpf_object;

/** A loaded object and its hooks. Zeroed but for the object, nothing is attached. */
struct attachment {
	struct bpf_object *object; /* the owner's */
	struct hook_links links;
	struct missing_groups missing;
	bool waits; /* a program's function is not there; a module may bring it */
	bool verbose;
};

/**
 * @brief Attach every program: all, or none after one line on stderr and a negative errno.
 *
 * A kernel function that does not exist is left out with a warning, as long as one that sees
 * connects is hooked. The same goes for IPv6 where it cannot be hooked.
 */
int attachment__attach(struct attachment *attachment);

/**
 * @brief Attach the programs whose functions were not there, if they are there now.
 * @param fn called with each that is hooked now, by the name of its function; may be NULL
 */
void attachment__attach_late(struct attachment *attachment,
			     void (*fn)(const char *function, void *ctx), void *ctx);

/**
 * @brief Take the hooks that see connects away and attach them again, as far as that can be done.
 *
 * A kprobe that was attached while all were switched off stays disabled when they are switched on
 * (enable_kprobe() in kernel/kprobes.c, Linux 6.1).
 */
void attachment__renew(struct attachment *attachment);

/**
 * @brief How often the kernel did not run what is attached: kprobes hit in another kprobe, and
 * programs hit in another program (bpf_prog_info, since Linux 5.12; before, it does not tell).
 */
uint64_t attachment__missed(const struct attachment *attachment);

/** @brief Take all hooks away. */
void attachment__detach(struct attachment *attachment);

#endif
