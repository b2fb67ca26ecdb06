// SPDX-License-Identifier: Apache-2.0
#include "watch.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <time.h>

#define NS_PER_MS UINT64_C(1000000)

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

int watch__add(struct watch *watch, const struct watched *watched)
{
	if (watch->count == WATCH_MAX)
		return -ENOSPC;
	watch->rows[watch->count++] = *watched;
	return 0;
}

/* No longer than until the next row is due: rounded up, so as not to come early and find nothing. */
static int shorten(const struct watch *watch, int timeout_ms)
{
	uint64_t now = 0;

	for (size_t i = 0; i < watch->count; i++) {
		const struct watched *row = &watch->rows[i];
		uint64_t due = row->due_ns ? row->due_ns(row->ctx) : UINT64_MAX;

		if (due == UINT64_MAX)
			continue;
		if (!now)
			now = now_ns();
		if (due <= now)
			return 0;
		if ((due - now - 1) / NS_PER_MS + 1 < (uint64_t)timeout_ms)
			timeout_ms = (int)((due - now - 1) / NS_PER_MS + 1);
	}
	return timeout_ms;
}

static bool wants_look(const struct watched *row, const struct pollfd *ready, uint64_t now)
{
	return ready->revents || (row->due_ns && row->due_ns(row->ctx) <= now);
}

int watch__wait(const struct watch *watch, int fd, int timeout_ms)
{
	struct pollfd ready[WATCH_MAX + 1] = {0};
	uint64_t now;

	for (size_t i = 0; i < watch->count; i++)
		ready[i] = (struct pollfd){.fd = watch->rows[i].fd, .events = POLLIN};
	ready[watch->count] = (struct pollfd){.fd = fd, .events = POLLIN};
	if (poll(ready, watch->count + 1, shorten(watch, timeout_ms)) < 0)
		return errno == EINTR ? 0 : -errno;
	now = now_ns();
	for (size_t i = 0; i < watch->count; i++)
		if (wants_look(&watch->rows[i], &ready[i], now))
			watch->rows[i].look(watch->rows[i].ctx, now);
	return 0;
}
