// SPDX-License-Identifier: Apache-2.0
#include "session.h"

#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "output/counts.h"
#include "names/dns_names.h"
#include "names/dns_packet.h"
#include "names/dns_stream.h"
#include "trace/event_order.h"
#include "trace/losses.h"
#include "output/table.h"

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
	struct event_order *order;
	struct dns_names *names;    /* NULL when none are shown, as for streams */
	struct dns_stream *streams; /* DNS over TCP */
	uint32_t asker;		    /* the thread group that the stream's packet is for */
	struct table table;
	struct losses losses;
	int err; /* of a sample that could not be taken in */
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static void take_sample(const void *sample, size_t size, void *ctx)
{
	struct session *session = ctx;
	int err = event_order__add(session->order, sample, size);

	if (err)
		session->err = err;
}

static void show_connect(struct session *session, const struct event *event)
{
	struct table_query query = {0};

	if (session->names)
		query.name = dns_names__find(session->names, event->family, event->daddr,
					     event->time_ns, event->pid, &query.age_ns);
	table__print_row(&session->table, event, &query);
}

static void learn_from_stream(const uint8_t *message, size_t length, uint64_t time_ns, void *ctx)
{
	struct session *session = ctx;

	dns_names__learn(session->names, message, length, time_ns, session->asker);
}

static void take_packet(struct session *session, const struct event *event, const uint8_t *payload)
{
	struct dns_packet packet;

	if (dns_packet__read(payload, event->length, &packet) != 0)
		return;
	if (!packet.is_segment) {
		dns_names__learn(session->names, packet.bytes, packet.captured, event->time_ns,
				 event->pid);
		return;
	}
	session->asker = event->pid;
	if (packet.starts_stream)
		dns_stream__start(session->streams, packet.connection, packet.sequence,
				  event->time_ns);
	dns_stream__segment(session->streams, packet.connection, packet.sequence, packet.bytes,
			    packet.captured, packet.length, event->time_ns);
}

static void take_name(struct session *session, const struct event *event, const uint8_t *payload)
{
	if (event->length && memchr(payload, '\0', event->length))
		dns_names__learn_name(session->names, (const char *)payload, event->family,
				      event->daddr, event->time_ns, event->pid);
}

static void take_event(const struct event *event, void *ctx)
{
	struct session *session = ctx;
	const uint8_t *payload = (const uint8_t *)(event + 1);

	if (event->kind == EVENT_CONNECT)
		show_connect(session, event);
	else if (event->kind == EVENT_DNS_MESSAGE && session->names)
		dns_names__learn(session->names, payload, event->length, event->time_ns,
				 event->pid);
	else if (event->kind == EVENT_DNS_PACKET && session->names)
		take_packet(session, event, payload);
	else if (event->kind == EVENT_NAME && session->names)
		take_name(session, event, payload);
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

/* One batch: all that the CPUs have, in order, up to what may still be overtaken. */
static int show_batch(struct session *session, uint64_t until_ns)
{
	int err = tracer__drain(session->tracer, take_sample, session);

	event_order__release(session->order, until_ns, take_event, session);
	if (!err)
		err = session->err;
	if (err) {
		warnx("cannot read events: %s", strerror(-err));
		return err;
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
			err = show_batch(session, now_ns() - SETTLE_NS);
		losses__report(&session->losses, session->tracer, now_ns());
	}
	tracer__detach(session->tracer);
	if (!err)
		err = show_batch(session, UINT64_MAX);
	return err;
}

static int trace_counts(struct session *session)
{
	struct tracer_flow *flows;
	size_t count;
	int err = 0;

	while (!*session->stopped && !err && !reader_is_gone()) {
		err = tracer__wait(session->tracer, WAIT_MS);
		losses__report(&session->losses, session->tracer, now_ns());
	}
	tracer__detach(session->tracer);
	err = tracer__flows(session->tracer, &flows, &count);
	if (err) {
		warnx("cannot read the counts: %s", strerror(-err));
		return err;
	}
	counts__print(session->table.out, flows, count);
	free(flows);
	return flush(session);
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
	int err = session.table.query ? dns_names__new(&session.names) : 0;

	if (!err && session.names)
		err = dns_stream__new(&session.streams, learn_from_stream, &session);
	session.order = event_order__new();
	if (!err && !session.order)
		err = -ENOMEM;
	if (err) {
		warnx("cannot begin: %s", strerror(-err));
	} else {
		puts("Tracing connect ... Hit Ctrl-C to end");
		err = flush(&session);
		if (!err)
			err = tracer__counts(tracer) ? trace_counts(&session)
						     : trace_rows(&session);
		if (err == -EPIPE) /* whoever reads has had enough */
			err = 0;
		losses__report_total(tracer);
	}
	event_order__free(session.order);
	dns_stream__free(session.streams);
	dns_names__free(session.names);
	return err;
}
