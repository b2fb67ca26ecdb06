/* SPDX-License-Identifier: Apache-2.0 */
/* Says on stderr what was lost: when it happens, at most once a second, and again at the end. */
#ifndef TCPCONNECT_LOSSES_H
#define TCPCONNECT_LOSSES_H

#include "tracer.h"

/** What was said until now. */
struct losses_report {
	struct tracer_losses reported;
	uint64_t reported_at_ns;
};

/** What is called for each reason: how much was lost, and what, in words. */
typedef void (*loss_fn)(uint64_t lost, const char *what, void *ctx);

/**
 * @brief Say on stderr, and to fn, what was lost since the last report, unless that is less than a
 * second ago.
 * @param now_ns CLOCK_MONOTONIC
 */
void losses__report(struct losses_report *report, struct tracer *tracer, uint64_t now_ns,
		    loss_fn fn, void *ctx);

/** @brief Say in one line for each reason what was lost in all. */
void losses__report_total(struct tracer *tracer, uint64_t now_ns);

#endif
