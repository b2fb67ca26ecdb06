/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table's things, looked at in a thread of their own: where that takes the kernel's time, events
 * are read meanwhile. To set a uprobe takes a grace period (17 ms and more, 6.18), and while another
 * one is taken away anywhere on the host, some hundred ms (event_mutex).
 */
#ifndef TCPCONNECT_WATCH_THREAD_H
#define TCPCONNECT_WATCH_THREAD_H

#include <stdbool.h>

#include "watch.h"

struct watch_thread;

/**
 * @brief Start it. What it looks at is its own until watch_thread__stop().
 * @param watch stays the caller's
 * @return 0, or a negative errno
 */
int watch_thread__start(const struct watch *watch, struct watch_thread **thread);

/**
 * @brief Wait until it has done with what it is at, and end it. NULL is allowed.
 * @return false when it has not ended within 10 s, say for a file of a hanging file system: then what
 * it looks at stays its own until the process ends
 */
bool watch_thread__stop(struct watch_thread *thread);

#endif
