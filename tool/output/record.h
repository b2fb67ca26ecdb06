/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of one connect when it is shown. */
#ifndef TCPCONNECT_RECORD_H
#define TCPCONNECT_RECORD_H

#include <stdint.h>

#include "trace/event.h"

struct lookups;

/** A connect, and what its event does not tell. */
struct record {
	const struct event *event; /* with what the object's layout has behind it */
	const void *asked;	   /* its mapped_address; NULL: it has none */
	const char *query;	   /* the name behind the address; NULL: nobody asked for one */
	uint64_t query_age_ns;	   /* from the answer to the connect */
	const char *query_from;	   /* whose question it was; NULL: not known */
	uint64_t begun_ns;	   /* when the connect was made, CLOCK_MONOTONIC */
	uint64_t first_ns;	   /* the time of the first event that was shown */
	int64_t to_realtime_ns;	   /* add it to a time for that since 1970 */
	/* the path of a cgroup in the hierarchy, or NULL; valid until the next call */
	const char *(*cgroup_path)(void *ctx, uint64_t id);
	void *ctx;
	struct lookups *lookups; /* the output's */
};

#endif
