// SPDX-License-Identifier: Apache-2.0
/* tcpconnect: who connects where. Parse, write the probe text, get the object, attach, loop, detach. */
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "compile.h"
#include "counts.h"
#include "dns_names.h"
#include "event_order.h"
#include "file.h"
#include "hook.h"
#include "installation.h"
#include "losses.h"
#include "options.h"
#include "privilege.h"
#include "probe_text.h"
#include "table.h"
#include "tracer.h"

#define EXIT_USAGE 2

/* How long an idle tool sleeps: 20 times a second is little work, and soon enough for an eye. */
#define WAIT_MS 50

/*
 * An event younger than this may still be overtaken: a program takes the time before it writes the
 * event, and another CPU's buffer may already have been read when it does.
 */
#define SETTLE_NS (20 * 1000 * 1000ULL)

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
	(void)signal;
	stopped = 1;
}

/* Also when SIGINT came ignored, as for a shell's background job: there is no other way to end this. */
static void catch_signals(void)
{
	struct sigaction action = {.sa_handler = stop};
	struct sigaction hangup;

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, NULL, &hangup);
	if (hangup.sa_handler != SIG_IGN) /* nohup(1) */
		sigaction(SIGHUP, &action, NULL);
	signal(SIGPIPE, SIG_IGN); /* a write says so */
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

/* What stands between a sample of the perf buffer and a row. */
struct session {
	struct event_order *order;
	struct dns_names *names; /* NULL without -d */
	struct table table;
	struct losses losses;
	int err; /* the first failure on the way */
};

static void take_sample(const void *sample, size_t size, void *ctx)
{
	struct session *session = ctx;
	int err = event_order__add(session->order, sample, size);

	if (err && !session->err)
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

static void take_event(const struct event *event, void *ctx)
{
	struct session *session = ctx;
	const uint8_t *payload = (const uint8_t *)(event + 1);

	if (event->kind == EVENT_CONNECT)
		show_connect(session, event);
	else if (event->kind == EVENT_DNS_MESSAGE && session->names)
		dns_names__learn(session->names, payload, event->length, event->time_ns, event->pid);
}

/* Has the reader of a pipe gone away? Seen at once, and not at the next row. */
static bool reader_is_gone(void)
{
	struct pollfd out = {.fd = STDOUT_FILENO};

	return poll(&out, 1, 0) > 0 && (out.revents & POLLERR);
}

/* One batch: all that the CPUs have, in order, down to what may still be overtaken. */
static int show_batch(struct session *session, struct tracer *tracer, uint64_t until_ns)
{
	int err = tracer__drain(tracer, take_sample, session);

	event_order__release(session->order, until_ns, take_event, session);
	if (err || session->err) {
		err = err ? err : session->err;
		warnx("cannot read events: %s", strerror(-err));
		return err;
	}
	if (fflush(session->table.out) != 0) {
		if (errno == EPIPE)
			return -EPIPE;
		err = -errno;
		warn("cannot write to stdout");
	}
	return err;
}

static int trace_rows(struct session *session, struct tracer *tracer)
{
	int err = 0;

	table__print_header(&session->table);
	fflush(session->table.out);
	while (!stopped && !err) {
		err = tracer__wait(tracer, WAIT_MS);
		if (!err && reader_is_gone())
			err = -EPIPE;
		if (!err)
			err = show_batch(session, tracer, now_ns() - SETTLE_NS);
		losses__report(&session->losses, tracer, now_ns());
	}
	tracer__detach(tracer);
	if (!err)
		err = show_batch(session, tracer, UINT64_MAX);
	losses__report_total(tracer);
	return err == -EPIPE ? 0 : err;
}

static int trace_counts(struct tracer *tracer)
{
	struct losses losses = {0};
	struct tracer_flow *flows;
	size_t count;
	int err = 0;

	while (!stopped && !err) {
		err = tracer__wait(tracer, 1000);
		losses__report(&losses, tracer, now_ns());
	}
	tracer__detach(tracer);
	err = tracer__flows(tracer, &flows, &count);
	if (err) {
		warnx("cannot read the counts: %s", strerror(-err));
		return err;
	}
	counts__print(stdout, flows, count);
	free(flows);
	losses__report_total(tracer);
	return fflush(stdout) == 0 || errno == EPIPE ? 0 : -errno;
}

static int trace(const struct options *options, struct tracer *tracer)
{
	struct session session = {
		.table = {.out = stdout,
			  .timestamp = options->timestamp,
			  .uid = options->print_uid,
			  .local_port = options->local_port,
			  .query = options->dns},
	};
	int err;

	puts("Tracing connect ... Hit Ctrl-C to end");
	fflush(stdout);
	if (tracer__counts(tracer))
		return trace_counts(tracer);
	err = options->dns ? dns_names__new(&session.names) : 0;
	session.order = event_order__new();
	if (err || !session.order)
		err = -ENOMEM;
	else
		err = trace_rows(&session, tracer);
	event_order__free(session.order);
	dns_names__free(session.names);
	return err;
}

static int load_and_trace(const struct options *options, const char *object, size_t size)
{
	const struct tracer_settings settings = {
		.cgroup_map = options->cgroup_map,
		.mntns_map = options->mntns_map,
		.buffer_pages = options->buffer_pages,
		.verbose = options->verbose,
	};
	struct tracer *tracer = NULL;
	int err = tracer__open(object, size, &settings, &tracer);

	if (!err)
		err = tracer__attach(tracer);
	if (!err)
		err = trace(options, tracer);
	tracer__close(tracer);
	return err;
}

static enum hooks choose_hooks(const struct options *options)
{
	if (options->attach == ATTACH_AUTO)
		return hook__has_kprobes() ? HOOKS_KPROBE : HOOKS_SOCKOPS;
	return options->attach == ATTACH_KPROBE ? HOOKS_KPROBE : HOOKS_SOCKOPS;
}

static int run(const struct options *options)
{
	struct installation installation;
	enum hooks hooks = choose_hooks(options);
	char *text = NULL, *object = NULL;
	size_t size = 0;
	int err = installation__find(&installation);

	if (err) {
		warnx("cannot find where tcpconnect is: %s", strerror(-err));
		return err;
	}
	if (options->action == ACTION_TRACE)
		err = privilege__check(hooks);
	if (!err)
		err = probe_text__make(options, hooks,
				       options->probes ? options->probes : installation.probes, &text);
	if (!err && options->action == ACTION_PRINT_PROBE_TEXT) {
		fputs(text, stdout);
	} else if (!err) {
		struct compile_request request = {
			.program = installation.compiler, .text = text, .options = options};

		err = compile__run(&request, &object, &size);
		if (!err)
			err = load_and_trace(options, object, size);
	}
	free(object);
	free(text);
	return stopped && err == -EINTR ? 0 : err;
}

int main(int argc, char **argv)
{
	struct options options;
	int status = EXIT_SUCCESS;

	if (options__parse(argc, argv, &options) != 0) {
		status = EXIT_USAGE;
	} else if (options.action == ACTION_HELP) {
		options__print_help();
	} else if (options.action == ACTION_VERSION) {
		puts("tcpconnect " TCPCONNECT_VERSION);
	} else {
		catch_signals();
		status = run(&options) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
	}
	options__free(&options);
	return status;
}
