/* SPDX-License-Identifier: Apache-2.0 */
/* The names behind addresses, whichever way they are told: what the probes send goes in. */
#ifndef TCPCONNECT_NAMES_H
#define TCPCONNECT_NAMES_H

#include <stddef.h>
#include <stdint.h>

#include "trace/event.h"
#include "trace/event_layout.h"

struct names;

/** The name behind a connect's address. */
struct name_found {
	const char *name; /* valid until the next call; NULL: nobody asked for one */
	uint64_t age_ns;  /* from the answer to the connect */
	const char *from; /* whose question it answered: "self", "parent" or "other" */
};

/**
 * @brief Begin with no names.
 * @param layout of the connects; its members tell whose they are
 * @param names on success, for names__free()
 * @return 0 or a negative errno
 */
int names__new(const struct event_layout *layout, struct names **names);

/** @brief Free them; NULL is fine. */
void names__free(struct names *names);

/**
 * @brief Learn from an event that tells names; others are passed over.
 * @param event whole, with what follows its head; feed events in the order of their times
 */
void names__learn(struct names *names, const struct event_head *event);

/**
 * @brief The name that a connect's address had when it was made.
 * @param asked that address, as the process gave it
 * @param begun_ns when that was, CLOCK_MONOTONIC; the event's time may be that of the result
 */
struct name_found names__find(struct names *names, const struct event *connect,
			      const struct asked *asked, uint64_t begun_ns);

#endif
