/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the hooks that see connects fire, and whether functions have come: how often that is looked at. */
#ifndef TCPCONNECT_HOOK_WATCH_H
#define TCPCONNECT_HOOK_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "attachment.h"

/** How many things are watched. */
#define WATCHED 2

/** What was found. Zeroed, nothing has been looked at. */
struct hook_watch {
	uint64_t looked_ns[WATCHED];
	bool was_quiet[WATCHED]; /* nothing has told since that it can be seen */
	const char *silent;	 /* why the hooks do not fire, as said last; NULL: they do */
	char newest_module[256]; /* as /proc/modules has it in its first line */
};

/** What is called with what is not seen any more, or seen again, in words. */
typedef void (*notice_fn)(const char *what, void *ctx);

/**
 * @brief Look at what is due.
 *
 * Nothing of it is polled that costs: what can be read in a system call or two is read each second,
 * what disturbs the kernel twice a minute at most.
 *
 * @param now_ns CLOCK_MONOTONIC
 * @param quiet no connect has been seen since the last call
 * @param fn called after the same line on stderr
 */
void hook_watch__look(struct hook_watch *watch, struct attachment *attachment, uint64_t now_ns, bool quiet,
		 notice_fn fn, void *ctx);

#endif
