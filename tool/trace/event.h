/* SPDX-License-Identifier: Apache-2.0 */
/* What the probes send and count, as the probes have it. */
#ifndef TCPCONNECT_EVENT_H
#define TCPCONNECT_EVENT_H

#include <stdint.h>

#include <linux/types.h>

#include "probes/event.h"

/** The address that a process gave to connect(2). */
struct asked {
	int family;
	uint8_t address[16]; /* network order; IPv4 in the first four bytes, the rest zero */
};

/**
 * @brief What was asked for with a connect.
 * @param member the event's mapped_address; NULL: the event has none, and tells what went out
 */
struct asked event__asked(const struct event *event, const void *member);

/** One entry of the map `flows`. */
struct counted_flow {
	struct flow key;
	struct flow_count count;
};

#endif
