/* SPDX-License-Identifier: Apache-2.0 */
/* Puts the events of all CPUs in the order of their time stamps. */
#ifndef TCPCONNECT_EVENT_ORDER_H
#define TCPCONNECT_EVENT_ORDER_H

#include <stddef.h>
#include <stdint.h>

#include "event.h"

struct event_order;

/** What is called for each event, in time order; the event is valid during the call only. */
typedef void (*event_fn)(const struct event_head *event, void *ctx);

/** @brief A new, empty order, or NULL when memory is out. */
struct event_order *event_order__new(void);

/** @brief Free it and the events in it. */
void event_order__free(struct event_order *order);

/**
 * @brief Take in a copy of an event.
 * @param sample, size the event and its payload, as the perf buffer holds them
 * @return 0; -EINVAL when it is shorter than it says; -ENOMEM
 */
int event_order__add(struct event_order *order, const void *sample, size_t size);

/**
 * @brief Hand out the events up to a time, oldest first, and forget them.
 * @param until_ns CLOCK_MONOTONIC; events that are younger stay
 */
void event_order__release(struct event_order *order, uint64_t until_ns, event_fn fn, void *ctx);

#endif
