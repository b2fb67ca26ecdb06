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
#include "output/output.h"
#include "pid_namespace.h"
#include "trace/cgroup_paths.h"
#include "trace/event_order.h"
#include "trace/losses.h"

/* How long an idle tool sleeps: 18 times a second is little work, and soon enough for an eye. */
#define WAIT_MS 55

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
	struct names *names;		   /* NULL when none are shown */
	struct cgroup_paths *cgroup_paths; /* NULL when none are shown */
	struct output output;
	const struct event_member *latency; /* of an event that tells its result, or NULL */
	const struct event_member *asked;   /* of an event that tells what was asked for, or NULL */
	uint64_t first_ns;		    /* the time of the first row; 0 until then */
	int64_t to_realtime_ns;		    /* as of this batch */
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

static const char *cgroup_path(void *ctx, uint64_t id)
{
	struct session *session = ctx;

	return session->cgroup_paths ? cgroup_paths__find(session->cgroup_paths, id) : NULL;
}

/* When the connect was made, of an event whose time is that of the result. */
static uint64_t begun_ns(const struct session *session, const struct event *connect)
{
	uint64_t latency = 0;

	if (session->latency)
		memcpy(&latency, (const char *)connect + session->latency->offset, sizeof(latency));
	return connect->time_ns - latency;
}

/* The name goes with the address that the process looked up, not with what that was turned into. */
static struct name_found find_name(struct session *session, const struct record *record)
{
	struct asked asked = event__asked(record->event, record->asked);

	return names__find(session->names, record->event, &asked, record->begun_ns);
}

static void show_connect(struct session *session, const struct event *connect)
{
	struct record record = {
		.event = connect,
		.begun_ns = begun_ns(session, connect),
		.to_realtime_ns = session->to_realtime_ns,
		.cgroup_path = cgroup_path,
		.ctx = session,
	};

	if (!session->first_ns)
		session->first_ns = connect->time_ns;
	record.first_ns = session->first_ns;
	if (session->asked)
		record.asked = (const char *)connect + session->asked->offset;
	if (session->names) {
		struct name_found found = find_name(session, &record);

		record.query = found.name;
		record.query_age_ns = found.age_ns;
		record.query_from = found.from;
	}
	session->output.format->row(&session->output, &record);
}

static void take_event(const struct event_head *head, void *ctx)
{
	struct session *session = ctx;

	if (head->kind == EVENT_CONNECT)
		show_connect(session, (const struct event *)head);
	else if (session->names)
		names__learn(session->names, head);
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
	int err = session->output.line.err;

	if (err) {
		warnx("cannot write a row: %s", strerror(-err));
		return err;
	}
	if (fflush(session->output.out) == 0)
		return 0;
	err = -errno;
	if (err != -EPIPE)
		warn("cannot write to stdout");
	return err;
}

static uint64_t now_ns(const struct session *session)
{
	return kernel_clock__now_ns(&session->clock);
}

static void show_loss(uint64_t lost, const char *what, void *ctx)
{
	struct session *session = ctx;

	session->output.format->loss(&session->output, now_ns(session) + session->to_realtime_ns,
				     lost, what);
}

static void report_losses(struct session *session)
{
	session->to_realtime_ns = kernel_clock__to_realtime_ns(&session->clock);
	losses__report(&session->losses, session->tracer, now_ns(session), show_loss, session);
}

/* What cannot be hooked is no news on stderr, where it was said; in JSON it is a record. */
static void show_missing(struct session *session)
{
	session->to_realtime_ns = kernel_clock__to_realtime_ns(&session->clock);
	for (int group = 0; group < HOOK_GROUPS; group++) {
		const char *name = tracer__missing(session->tracer, group);
		char what[128];

		if (!name)
			continue;
		snprintf(what, sizeof(what), "names: %s cannot be hooked", name);
		show_loss(0, what, session);
	}
}

static void show_notice(const char *what, void *ctx)
{
	show_loss(0, what, ctx);
}

/* One batch: all that the CPUs have, in order, up to what may still be overtaken. */
static int show_batch(struct session *session, uint64_t until_ns)
{
	int err = tracer__drain(session->tracer, take_sample, session);

	session->to_realtime_ns = kernel_clock__to_realtime_ns(&session->clock);
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
	int err = 0;

	show_missing(session);
	while (!*session->stopped && !err) {
		err = tracer__wait(session->tracer, WAIT_MS);
		if (!err && reader_is_gone())
			err = -EPIPE;
		if (!err)
			err = show_batch(session, now_ns(session) - SETTLE_NS);
		report_losses(session);
	}
	tracer__detach(session->tracer);
	if (err)
		return err;
	err = show_batch(session, UINT64_MAX);
	if (err)
		return err;
	tracer__pending(session->tracer, now_ns(session), take_sample, session);
	return show_batch(session, UINT64_MAX);
}

static int trace_counts(struct session *session)
{
	struct counted_flow *flows;
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
	session->output.format->counts(&session->output, now_ns(session) + session->to_realtime_ns,
				       flows, count, tracer__tells_results(session->tracer));
	free(flows);
	return flush(session);
}

/* Everything that rows are made with; what there is on failure, the caller frees. */
static int begin(struct session *session)
{
	const struct event_layout *layout = tracer__layout(session->tracer);
	int err = tracer__sees_names(session->tracer) ? names__new(layout, &session->names) : 0;

	kernel_clock__init(&session->clock);
	session->latency =
		event_layout__find_typed(layout, "latency_ns", "duration_ns", sizeof(duration_ns));
	session->asked =
		event_layout__find_typed(layout, "asked", "mapped_address", sizeof(mapped_address));
	session->order = event_order__new();
	if (!err && !session->order)
		err = -ENOMEM;
	if (err) {
		warnx("cannot begin: %s", strerror(-err));
		return err;
	}
	if (!event_layout__find(layout, "cgroup"))
		return 0;
	err = cgroup_paths__new(&session->cgroup_paths);
	if (err)
		warnx("warning: cgroups are shown by number, since the hierarchy is out of reach: "
		      "%s",
		      strerror(-err));
	return 0;
}

static int trace(struct session *session)
{
	int err = flush(session);

	if (!err)
		err = tracer__follow(session->tracer, show_notice, session);
	if (!err)
		err = tracer__counts(session->tracer) ? trace_counts(session) : trace_rows(session);
	session->losses.reported_at_ns = 0; /* what the last second and the detach have added */
	report_losses(session);
	if (!err)
		err = flush(session);
	losses__report_total(session->tracer, now_ns(session));
	return err == -EPIPE ? 0 : err; /* whoever reads has had enough */
}

int session__run(const struct options *options, struct tracer *tracer,
		 const volatile sig_atomic_t *stopped)
{
	struct session session = {
		.tracer = tracer,
		.stopped = stopped,
		.output = {.out = stdout, .format = options->json ? &json_format : &table_format},
	};
	const struct columns_source source = {.layout = tracer__layout(tracer),
					      .queries = tracer__sees_names(tracer),
					      .in_pid_namespace = !pid_namespace__is_initial()};
	int err = begin(&session);

	if (!err)
		err = session.output.format->begin(&session.output, options, &source);
	if (!err)
		err = trace(&session);
	session.output.format->end(&session.output);
	event_order__free(session.order);
	cgroup_paths__free(session.cgroup_paths);
	names__free(session.names);
	return err;
}
