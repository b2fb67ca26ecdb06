/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What changes on the host while it is traced: a table of what there is to watch, and the one place
 * that waits for all of it.
 */
#ifndef TCPCONNECT_WATCH_H
#define TCPCONNECT_WATCH_H

#include <stddef.h>
#include <stdint.h>

/** Rows of the table at most. */
#define WATCH_MAX 8

/** Something that changes: one row. */
struct watched {
	/* readable when there is news; -1: only time tells */
	int fd;
	/* when to look though nothing is readable, CLOCK_MONOTONIC; UINT64_MAX, or NULL: never */
	uint64_t (*due_ns)(const void *ctx);
	void (*look)(void *ctx, uint64_t now_ns);
	void *ctx;
};

/** The table. Zeroed, nothing is watched. */
struct watch {
	struct watched rows[WATCH_MAX];
	size_t count;
};

/** @brief Add a row, whose ctx and descriptor stay the caller's. 0, or -ENOSPC. */
int watch__add(struct watch *watch, const struct watched *watched);

/**
 * @brief Wait until a descriptor is readable or a time has passed, and meanwhile look at whatever
 * has news.
 * @param fd of the events; -1: there is none
 * @param timeout_ms at most
 * @return 0, also when a signal came or something else had news; or a negative errno
 */
int watch__wait(const struct watch *watch, int fd, int timeout_ms);

#endif
