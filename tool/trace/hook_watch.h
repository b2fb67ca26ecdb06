/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the hooks that see connects fire, and whether functions have come: how often that is looked at. */
#ifndef TCPCONNECT_HOOK_WATCH_H
#define TCPCONNECT_HOOK_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "attachment.h"
#include "watch.h"

/** What is called with what is not seen any more, or seen again, in words. */
typedef void (*notice_fn)(const char *what, void *ctx);

/** What was found. Zeroed, nothing has been looked at. */
struct hook_watch {
	struct attachment *attachment;
	notice_fn fn;
	void *ctx;
	bool has_seen;	       /* a connect, since the hooks were looked at: its owner says so */
	uint64_t hooks_due_ns; /* CLOCK_MONOTONIC */
	uint64_t modules_due_ns;
	const char *silent;	 /* why the hooks do not fire, as said last; NULL: they do */
	char newest_module[256]; /* as /proc/modules has it in its first line */
};

/**
 * @brief Look whether the hooks fire, now and each 30 seconds in which no connect was seen, and
 * each second whether a function has come that is to be hooked.
 *
 * What can be read in a system call or two is read each second, what disturbs the kernel for a
 * moment twice a minute at most.
 *
 * @param attachment, table stay the caller's, as the hook_watch does
 * @param fn called after the same line on stderr
 * @return 0, or -ENOSPC
 */
int hook_watch__begin(struct hook_watch *watch, struct attachment *attachment, struct watch *table,
		      notice_fn fn, void *ctx);

#endif
