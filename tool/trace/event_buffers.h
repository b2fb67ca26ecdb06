/* SPDX-License-Identifier: Apache-2.0 */
/* A perf buffer for each CPU that is online: CPUs come and go (suspend, hotplug) while it is read. */
#ifndef TCPCONNECT_EVENT_BUFFERS_H
#define TCPCONNECT_EVENT_BUFFERS_H

#include <stdbool.h>
#include <stddef.h>

struct event_buffers;

/** What is called for each sample. */
typedef void (*sample_fn)(const void *sample, size_t size, void *ctx);

/**
 * @brief Open a buffer for each CPU that is online.
 * @param map_fd the perf event array that the probes write to; it must stay open
 * @param pages of each buffer, a power of two
 * @param buffers on success, for event_buffers__free()
 * @return 0, or a negative errno after one line on stderr
 */
int event_buffers__open(int map_fd, unsigned int pages, struct event_buffers **buffers);

/** @brief Readable when one of the buffers is filled to its wake-up mark. */
int event_buffers__poll_fd(const struct event_buffers *buffers);

/**
 * @brief Hand out all that there is, CPU after CPU; open buffers for CPUs that have come online
 * since, and close those of CPUs that have gone.
 *
 * A perf event is dead once its CPU has been offline, and remains so (perf_event_exit_cpu() in
 * kernel/events/core.c, Linux 5.10 to 6.18). After a suspend, and where the caller has seen events
 * lost for want of a buffer, each is asked whether it lives: its CPU may have come back between two
 * calls.
 *
 * @param lost whether events have been lost for want of a buffer since the last call
 * @return 0, or a negative errno after one line on stderr
 */
int event_buffers__drain(struct event_buffers *buffers, bool lost, sample_fn fn, void *ctx);

/** @brief Close all buffers. NULL is fine. */
void event_buffers__free(struct event_buffers *buffers);

#endif
