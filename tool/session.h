/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop: events out of the perf buffer, into order, past the names, onto the screen, until it is
 * stopped.
 */
#ifndef TCPCONNECT_SESSION_H
#define TCPCONNECT_SESSION_H

#include <signal.h>

#include "options.h"
#include "trace/tracer.h"

/**
 * @brief Trace until *stopped or the reader of stdout goes away; then drain, and detach.
 * @param tracer attached
 * @param stopped set by a signal
 * @return 0, or a negative errno after one line on stderr
 */
int session__run(const struct options *options, struct tracer *tracer,
		 const volatile sig_atomic_t *stopped);

#endif
