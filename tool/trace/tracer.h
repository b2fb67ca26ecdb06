/* SPDX-License-Identifier: Apache-2.0 */
/* An object's programs and maps in the kernel: loaded, attached, drained, taken away. */
#ifndef TCPCONNECT_TRACER_H
#define TCPCONNECT_TRACER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event.h"
#include "event_buffers.h"
#include "event_layout.h"
#include "hook.h"
#include "options.h"
#include "hook_watch.h"

struct tracer;

/** Why something is missing from what is shown: those that the probes count, and others. */
enum {
	TRACER_LOSS_PROBE_MISSED = LOSS_KINDS, /* the kernel counts these */
	TRACER_LIBC_FOREIGN,		       /* C libraries, by enum libc_unhooked */
	TRACER_LIBC_FAILED,
	TRACER_LIBC_TOO_MANY,
	TRACER_STARTS_PASSED_OVER, /* starts of processes, too many at once */
	TRACER_LOSS_KINDS,
};

/** How much was lost, or is not seen, by enum loss and the others. */
struct tracer_losses {
	uint64_t count[TRACER_LOSS_KINDS];
};

/**
 * @brief Load an object into the kernel. Nothing is attached yet.
 * @param object, size the ELF object; not needed any more when this returns
 * @param options the pinned maps, the lists of filters, the buffer's size and -v
 * @return 0, or a negative errno after one line on stderr
 */
int tracer__open(const void *object, size_t size, const struct options *options,
		 struct tracer **tracer);

/**
 * @brief Attach every program: all, or none after one line on stderr and a negative errno.
 *
 * A kernel function that does not exist is left out with a warning, as long as one that sees
 * connects is hooked.
 */
int tracer__attach(struct tracer *tracer);

/**
 * @brief From now on tracer__wait() looks whether connects can still be seen.
 * @param fn called, after a line on stderr, with what is not seen any more, or again
 * @return 0, or a negative errno
 */
int tracer__follow(struct tracer *tracer, notice_fn fn, void *ctx);

/** @brief Does this object count connects in the kernel instead of sending events? */
bool tracer__counts(const struct tracer *tracer);

/** @brief What this object's events are made of; none for one that counts. The tracer's. */
const struct event_layout *tracer__layout(const struct tracer *tracer);

/** @brief Does this object tell what became of a connect? */
bool tracer__tells_results(const struct tracer *tracer);

/** @brief What cannot be hooked, in words, by enum hook_group; NULL where nothing is missing. */
const char *tracer__missing(const struct tracer *tracer, int group);

/**
 * @brief Hand out the connects that are under way: as samples, with the result RESULT_PENDING.
 * @param now_ns CLOCK_MONOTONIC, up to which they have lasted
 */
void tracer__pending(struct tracer *tracer, uint64_t now_ns, sample_fn fn, void *ctx);

/** @brief Does this object send DNS answers, so that connects have names? */
bool tracer__sees_names(const struct tracer *tracer);

/**
 * @brief Wait until a CPU's buffer is filled to its wake-up mark, or a time has passed, and follow
 * the host meanwhile as it changes.
 * @param timeout_ms at most
 * @return 0, also when a signal came; or a negative errno after one line on stderr
 */
int tracer__wait(struct tracer *tracer, int timeout_ms);

/**
 * @brief Hand out all events that there are, CPU after CPU: each a struct event_head and what
 * follows it. CPUs that come online or go are followed.
 * @return 0, or a negative errno after one line on stderr
 */
int tracer__drain(struct tracer *tracer, sample_fn fn, void *ctx);

/**
 * @brief Read how much was lost until now, for each reason.
 *
 * What the probes count is in memory that is shared with the kernel. What the kernel counts takes
 * system calls, and is read at most every TRACER_MISSED_INTERVAL_NS, and when hooks are taken away.
 *
 * @param now_ns CLOCK_MONOTONIC
 */
void tracer__losses(struct tracer *tracer, uint64_t now_ns, struct tracer_losses *losses);

/** How often the kernel is asked what it did not run. */
#define TRACER_MISSED_INTERVAL_NS (10 * UINT64_C(1000000000))

/**
 * @brief Read the counts.
 * @param flows, count on success: for free()
 * @return 0, or a negative errno after one line on stderr
 */
int tracer__flows(const struct tracer *tracer, struct counted_flow **flows, size_t *count);

/** @brief Take the hooks away; what was sent before can still be drained. */
void tracer__detach(struct tracer *tracer);

/** @brief Detach and free. NULL is allowed. */
void tracer__close(struct tracer *tracer);

#endif
