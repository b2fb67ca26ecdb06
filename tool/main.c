// SPDX-License-Identifier: Apache-2.0
/*
 * tcpconnect: who connects where. Parse, write the probe text, get the object, attach, loop,
 * detach.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/btf.h>

#include "file.h"
#include "trace/hook.h"
#include "installation.h"
#include "object/object.h"
#include "object/object_source.h"
#include "options.h"
#include "output/columns.h"
#include "trace/privilege.h"
#include "object/probe_files.h"
#include "object/probe_text.h"
#include "session.h"
#include "trace/tracer.h"

#define EXIT_USAGE 2

static volatile sig_atomic_t stopped;

/*
 * Signals that are caught before one ends the process as if none were: timeout(1) sends two, one to
 * the process and one to its group.
 */
#define SIGNALS_CAUGHT 2

static void stop(int number)
{
	(void)number;
	if (++stopped < SIGNALS_CAUGHT)
		return;
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
}

/*
 * Also when SIGINT came ignored, as for a shell's background job: there is no other way to end
 * this. A write to a slow reader goes on, so that no row is cut; a third signal ends that too.
 */
static void catch_signals(void)
{
	struct sigaction action = {.sa_handler = stop, .sa_flags = SA_RESTART};
	struct sigaction hangup;

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, NULL, &hangup);
	if (hangup.sa_handler != SIG_IGN) /* nohup(1) */
		sigaction(SIGHUP, &action, NULL);
	signal(SIGPIPE, SIG_IGN); /* a write says so */
	signal(SIGCHLD, SIG_DFL); /* ignored, the compiler's end would be lost */
}

/* Another machine's kernel is taken to have kprobes. */
static enum attach_choice choose_hooks(const struct options *options)
{
	if (options->attach != ATTACH_AUTO)
		return options->attach;
	return options->kernel || hook__may_kprobe() ? ATTACH_KPROBE : ATTACH_SOCKOPS;
}

static int trace(const struct options *options, const char *object, size_t size)
{
	struct tracer *tracer = NULL;
	int err = tracer__open(object, size, options, &tracer);

	if (!err)
		err = tracer__attach(tracer);
	malloc_trim(0); /* what the start took stays away for as long as tracing lasts */
	if (!err)
		err = session__run(options, tracer, &stopped);
	tracer__close(tracer);
	return err;
}

/*
 * Whoever started this may have closed them, and then files of ours would take their places. What
 * is written to a closed standard output is an error, as it was.
 */
static void open_standard_streams(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF)
			continue;
		if (open("/dev/null", fd == STDOUT_FILENO ? O_RDONLY : O_RDWR) < 0)
			return; /* the lowest number that is free is this one */
	}
}

/* All of a text is written, or a line says why not. */
static int print(const char *text)
{
	int err;

	if ((fputs(text, stdout) >= 0 && fflush(stdout) == 0) || errno == EPIPE)
		return 0;
	err = -errno;
	warn("cannot write to stdout");
	return err;
}

static int write_object(const char *path, const char *object, size_t size)
{
	int err = file__write_output(path, object, size);

	if (err)
		warnx("-o %s: %s", path, strerror(-err));
	return err;
}

/* --columns help: of an edited probe, the members that it added too. */
static int list_columns(const char *object, size_t size)
{
	struct event_layout layout;
	struct btf *btf = NULL;
	const char *bytes;
	size_t length;
	int err = object__section(object, size, ".BTF", &bytes, &length);

	if (!err)
		btf = btf__new(bytes, (uint32_t)length);
	err = event_layout__read(btf, &layout);
	if (!err) {
		columns__print_known(&layout);
		err = print("");
	}
	event_layout__free(&layout);
	btf__free(btf);
	return err;
}

static int make_text(const struct options *options, const struct installation *installation,
		     char **text)
{
	const char *directory = options->probes ? options->probes : installation->probes;
	int err = probe_text__make(options, directory, text);

	if (!err && options->probes)
		probe_files__warn_unread(options, directory, installation->probes);
	return err;
}

static int use_object(const struct options *options, const char *object, size_t size)
{
	switch (options->action) {
	case ACTION_COMPILE_ONLY:
		return write_object(options->output, object, size);
	case ACTION_LIST_COLUMNS:
		return list_columns(object, size);
	default:
		return trace(options, object, size);
	}
}

/* All that begins with a probe text: the text itself, an object in a file, or rows. */
static int run_text(const struct options *options)
{
	struct installation installation;
	char *text = NULL, *object = NULL;
	size_t size = 0;
	int err = installation__find(&installation);

	if (err) {
		warnx("cannot find where tcpconnect is: %s", strerror(-err));
		return err;
	}
	err = make_text(options, &installation, &text);
	if (!err && options->action == ACTION_PRINT_PROBE_TEXT)
		err = print(text);
	else if (!err)
		err = object_source__get(options, installation.compiler, text, &object, &size);
	free(text);
	if (object)
		err = use_object(options, object, size);
	free(object);
	return err;
}

static int run_object(const struct options *options)
{
	char *object = NULL;
	size_t size;
	int err = object_source__read(options->object, &object, &size);

	if (!err)
		err = use_object(options, object, size);
	free(object);
	return err;
}

static int run(const struct options *options)
{
	struct options decided = *options; /* whose lists stay the other's */
	int err = 0;

	catch_signals();
	decided.attach = choose_hooks(options);
	decided.no_kernel_reads =
		decided.attach == ATTACH_SOCKOPS && !options->kernel && !hook__may_read_kernel();
	if (options->action == ACTION_TRACE)
		err = privilege__check(decided.attach);
	if (!err && options->action == ACTION_TRACE && options->attach == ATTACH_KPROBE)
		err = hook__need_kprobes();
	if (!err)
		err = options->object ? run_object(&decided) : run_text(&decided);
	if (err == -EINTR && stopped && options->action == ACTION_TRACE)
		return 0; /* Ctrl-C while it compiled: there is nothing to show */
	return err;
}

static int perform(const struct options *options)
{
	switch (options->action) {
	case ACTION_HELP:
		options__print_help();
		return print(""); /* what is buffered, and the error if there is one */
	case ACTION_VERSION:
		return print("tcpconnect " TCPCONNECT_VERSION "\n");
	default:
		return run(options);
	}
}

int main(int argc, char **argv)
{
	struct options options;
	int status = EXIT_SUCCESS;

	open_standard_streams();
	if (options__parse(argc, argv, &options) != 0)
		status = EXIT_USAGE;
	else if (perform(&options) != 0)
		status = EXIT_FAILURE;
	options__free(&options);
	return status;
}
