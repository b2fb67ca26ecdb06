/* SPDX-License-Identifier: Apache-2.0 */
/* An object's programs and maps in the kernel: loaded, attached, drained, taken away. */
#ifndef TCPCONNECT_TRACER_H
#define TCPCONNECT_TRACER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tracer;

/** How an object is loaded. */
struct tracer_settings {
	const char *cgroup_map;	   /* path of a pinned map, or NULL */
	const char *mntns_map;	   /* likewise */
	unsigned int buffer_pages; /* of the perf buffer, per CPU; 0: the default */
	bool verbose;		   /* say on stderr what is attached */
};

/** Why something is missing from what is shown: enum loss of probes/event.h, and one more. */
enum tracer_loss {
	TRACER_LOSS_RETURN_MISSED,
	TRACER_LOSS_CONNECTING_FULL,
	TRACER_LOSS_NOT_COUNTED,
	TRACER_LOSS_CONNECT_EVENT,
	TRACER_LOSS_DNS_EVENT,
	TRACER_LOSS_NO_BUFFER,
	TRACER_LOSS_PROBE_KINDS,			    /* those that the probes count */
	TRACER_LOSS_PROBE_MISSED = TRACER_LOSS_PROBE_KINDS, /* the kernel counts these */
	TRACER_LOSS_KINDS,
};

/** One row of the counts. */
struct tracer_flow {
	uint8_t saddr[16]; /* as in struct event */
	uint8_t daddr[16];
	uint16_t family;
	uint16_t dport; /* host order */
	uint64_t connects;
};

/** What is called for each sample of the perf buffer: a struct event and its payload. */
typedef void (*sample_fn)(const void *sample, size_t size, void *ctx);

/**
 * @brief Load an object into the kernel. Nothing is attached yet.
 * @param object, size the ELF object; not needed any more when this returns
 * @return 0, or a negative errno after one line on stderr
 */
int tracer__open(const void *object, size_t size, const struct tracer_settings *settings,
		 struct tracer **tracer);

/**
 * @brief Attach every program: all, or none after one line on stderr and a negative errno.
 *
 * A kernel function that does not exist is left out with a warning, as long as one that sees
 * connects is hooked.
 */
int tracer__attach(struct tracer *tracer);

/** @brief Does this object count connects in the kernel instead of sending events? */
bool tracer__counts(const struct tracer *tracer);

/** @brief Does this object send DNS answers, so that connects have names? */
bool tracer__sees_names(const struct tracer *tracer);

/**
 * @brief Wait until a CPU's buffer is filled to its wake-up mark, or a time has passed.
 * @param timeout_ms at most
 * @return 0, also when a signal came; or a negative errno
 */
int tracer__wait(struct tracer *tracer, int timeout_ms);

/** @brief Hand out all events that there are, CPU after CPU. Returns 0 or a negative errno. */
int tracer__drain(struct tracer *tracer, sample_fn fn, void *ctx);

/** @brief Read how much was lost until now, for each reason. */
void tracer__losses(const struct tracer *tracer, uint64_t losses[TRACER_LOSS_KINDS]);

/** @brief Read the counts: `*flows` is for free(). Returns 0 or a negative errno. */
int tracer__flows(const struct tracer *tracer, struct tracer_flow **flows, size_t *count);

/** @brief Take the hooks away; what was sent before can still be drained. */
void tracer__detach(struct tracer *tracer);

/** @brief Detach and free. NULL is allowed. */
void tracer__close(struct tracer *tracer);

#endif
