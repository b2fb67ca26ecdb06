// SPDX-License-Identifier: Apache-2.0
#include "session.h"

#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel_clock.h"
#include "names/names.h"
#include "output/counts.h"
#include "output/table.h"
#include "trace/event_order.h"
#include "trace/losses.h"

/* How long an idle tool sleeps: 20 times a second is little work, and soon enough for an eye. */
#define WAIT_MS 50

/*
 * An event younger than this may still be overtaken: a program takes the time before it writes the
 * event, and another CPU's buffer may already have been read when it does.
 */
#define SETTLE_NS (20 * 1000 * 1000ULL)

/* What stands between a sample of the perf buffer and a row. */
struct session {
	struct tracer *tracer;
	const volatile sig_atomic_t *stopped;
	struct kernel_clock clock;
	struct event_order *order;
	struct names *names; /* NULL when none are shown */
	struct table table;
	struct losses_report losses;
	int err; /* of a sample that could not be taken in */
};

static void take_sample(const void *sample, size_t size, void *ctx)
{
	struct session *session = ctx;
	int err = event_order__add(session->order, sample, size);

	if (err)
		session->err = err;
}

static void take_event(const struct event_head *head, void *ctx)
{
	struct session *session = ctx;
	const struct event *connect = (const struct event *)head;
	struct name_found query = {0};

	if (head->kind == EVENT_CONNECT) {
		if (session->names)
			query = names__find(session->names, connect);
		table__print_row(&session->table, connect, query.name, query.age_ns);
	} else if (session->names) {
		names__learn(session->names, head);
	}
}

/* Has the reader of a pipe gone away? Seen at once, and not at the next row. */
static bool reader_is_gone(void)
{
	struct pollfd out = {.fd = STDOUT_FILENO};

	return poll(&out, 1, 0) > 0 && (out.revents & POLLERR);
}

/* What was printed goes out; -EPIPE, without a message, when nobody reads it. */
static int flush(const struct session *session)
{
	int err;

	if (fflush(session->table.out) == 0)
		return 0;
	err = -errno;
	if (err != -EPIPE)
		warn("cannot write to stdout");
	return err;
}

static void report_losses(struct session *session)
{
	losses__report(&session->losses, session->tracer, kernel_clock__now_ns(&session->clock));
}

/* One batch: all that the CPUs have, in order, up to what may still be overtaken. */
static int show_batch(struct session *session, uint64_t until_ns)
{
	int err = tracer__drain(session->tracer, take_sample, session);

	event_order__release(session->order, until_ns, take_event, session);
	if (err)
		return err;
	if (session->err) {
		warnx("cannot read an event: %s", strerror(-session->err));
		return session->err;
	}
	return flush(session);
}

static int trace_rows(struct session *session)
{
	int err;

	table__print_header(&session->table);
	err = flush(session);
	while (!*session->stopped && !err) {
		err = tracer__wait(session->tracer, WAIT_MS);
		if (!err && reader_is_gone())
			err = -EPIPE;
		if (!err)
			err = show_batch(session,
					 kernel_clock__now_ns(&session->clock) - SETTLE_NS);
		report_losses(session);
	}
	tracer__detach(session->tracer);
	return err ? err : show_batch(session, UINT64_MAX);
}

static int trace_counts(struct session *session)
{
	struct tracer_flow *flows;
	size_t count;
	int err = 0;

	while (!*session->stopped && !err && !reader_is_gone()) {
		err = tracer__wait(session->tracer, WAIT_MS);
		report_losses(session);
	}
	tracer__detach(session->tracer);
	if (!err)
		err = tracer__flows(session->tracer, &flows, &count);
	if (err)
		return err;
	counts__print(session->table.out, flows, count);
	free(flows);
	return flush(session);
}

/* Everything that rows are made with; what there is on failure, the caller frees. */
static int begin(struct session *session)
{
	int err = session->table.query ? names__new(&session->names) : 0;

	kernel_clock__init(&session->clock);
	session->order = event_order__new();
	if (!err && !session->order)
		err = -ENOMEM;
	if (err)
		warnx("cannot begin: %s", strerror(-err));
	return err;
}

static int trace(struct session *session)
{
	int err;

	puts("Tracing connect ... Hit Ctrl-C to end");
	err = flush(session);
	if (!err)
		err = tracer__counts(session->tracer) ? trace_counts(session) : trace_rows(session);
	losses__report_total(session->tracer, kernel_clock__now_ns(&session->clock));
	return err == -EPIPE ? 0 : err; /* whoever reads has had enough */
}

int session__run(const struct options *options, struct tracer *tracer,
		 const volatile sig_atomic_t *stopped)
{
	struct session session = {
		.tracer = tracer,
		.stopped = stopped,
		.table = {.out = stdout,
			  .timestamp = options->timestamp,
			  .uid = options->print_uid,
			  .local_port = options->local_port,
			  .query = tracer__sees_names(tracer)},
	};
	int err = begin(&session);

	if (!err)
		err = trace(&session);
	event_order__free(session.order);
	names__free(session.names);
	return err;
}
