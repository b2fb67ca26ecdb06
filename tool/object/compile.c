// SPDX-License-Identifier: Apache-2.0
#include "compile.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "file.h"
#include "object.h"

#define MESSAGES_MAX (4 * 1024 * 1024)

/* After this long on a terminal, a person is told what takes the time. */
#define PROGRESS_AFTER_MS 500

/* The child's descriptor behind the standard streams: open until it ends. */
#define LIFELINE 3

/* What the child's exit status says when the dynamic loader found a library missing (ld.so(8)). */
#define EXIT_LOADER 127

struct child {
	pid_t pid;
	int alive;    /* read end of a pipe that closes when the child ends */
	int lifeline; /* its other end, the child's alone */
	int text;     /* memfds: its stdin, */
	int object;   /* its stdout, */
	int messages; /* and its stderr */
};

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

static void close_child(struct child *child)
{
	close_fd(child->alive);
	close_fd(child->lifeline);
	close_fd(child->text);
	close_fd(child->object);
	close_fd(child->messages);
}

static void add(const char **argv, size_t *argc, const char *option, const char *value)
{
	if (!value)
		return;
	argv[(*argc)++] = option;
	argv[(*argc)++] = value;
}

static const char *types_name(enum types_choice types)
{
	return types == TYPES_BTF ? "btf" : types == TYPES_HEADERS ? "headers" : "auto";
}

/* Root's compiler is told nothing by whoever started this: no LD_PRELOAD, CPATH, TMPDIR. */
static char **environment(void)
{
	static char *const roots[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL};

	return geteuid() == 0 ? (char **)roots : environ;
}

/* The memfds as standard streams and the lifeline; nothing else that is open here. */
static int hand_over(const struct child *child)
{
	if (dup2(child->text, STDIN_FILENO) < 0 || dup2(child->object, STDOUT_FILENO) < 0 ||
	    dup2(child->messages, STDERR_FILENO) < 0 || dup2(child->lifeline, LIFELINE) < 0)
		return -errno;
	closefrom(LIFELINE + 1);
	return 0;
}

static void exec_compiler(const struct compile_request *request, const struct child *child,
			  pid_t parent)
{
	const struct options *options = request->options;
	const char *argv[12] = {request->program};
	size_t argc = 1;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent) /* it died in between */
		_exit(EXIT_FAILURE);
	add(argv, &argc, "--types", types_name(options->types));
	add(argv, &argc, "--kernel", options->kernel);
	add(argv, &argc, "--headers", options->headers);
	add(argv, &argc, "--btf", options->btf);
	if (options->verbose)
		argv[argc++] = "--verbose";
	if (options->probes)
		argv[argc++] = "--warnings";
	signal(SIGPIPE, SIG_DFL);
	signal(SIGINT, SIG_IGN); /* Ctrl-C at a terminal: the parent gets it too, and ends this */
	signal(SIGHUP, SIG_IGN);
	if (hand_over(child) == 0)
		execve(request->program, (char **)argv, environment());
	dprintf(STDERR_FILENO, "tcpconnect: %s: %s\n", request->program, strerror(errno));
	_exit(EXIT_FAILURE);
}

static int start(const struct compile_request *request, struct child *child)
{
	int alive[2], err;
	pid_t parent = getpid();

	*child = (struct child){
		.alive = -1, .lifeline = -1, .text = -1, .object = -1, .messages = -1};
	child->text = memfd_create("tcpconnect text", MFD_CLOEXEC);
	child->object = memfd_create("tcpconnect object", MFD_CLOEXEC);
	child->messages = memfd_create("tcpconnect messages", MFD_CLOEXEC);
	if (child->text < 0 || child->object < 0 || child->messages < 0)
		return -errno;
	err = file__write_fd(child->text, request->text, strlen(request->text));
	if (err)
		return err;
	if (lseek(child->text, 0, SEEK_SET) < 0 || pipe2(alive, O_CLOEXEC) != 0)
		return -errno;
	child->alive = alive[0];
	child->lifeline = alive[1];
	child->pid = fork();
	if (child->pid == 0)
		exec_compiler(request, child, parent);
	err = child->pid < 0 ? -errno : 0;
	close(child->lifeline);
	child->lifeline = -1;
	return err;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Waits until the child has closed its pipe, and says so after a while; -EINTR on a signal. */
static int wait_with_progress(const struct child *child)
{
	struct pollfd alive = {.fd = child->alive};
	bool terminal = isatty(STDERR_FILENO), said = false;
	int64_t begin = now_ms();
	int err = 0;

	for (;;) {
		int64_t left = begin + PROGRESS_AFTER_MS - now_ms();
		int ready = poll(&alive, 1, !terminal || said ? -1 : left > 0 ? (int)left : 0);

		if (ready > 0)
			break;
		if (ready < 0) {
			err = -errno;
			break;
		}
		fputs("tcpconnect: compiling the probe for this kernel...", stderr);
		said = true;
	}
	if (said)
		fputs("\r\033[K", stderr);
	return err;
}

static int reap(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return status;
}

static void print_messages(int fd)
{
	char *messages = NULL;
	size_t size;

	if (lseek(fd, 0, SEEK_SET) == 0 && file__read_fd(fd, MESSAGES_MAX, &messages, &size) == 0)
		fwrite(messages, 1, size, stderr);
	free(messages);
}

/* The limits are the compiler's own: MEMORY_MAX, SECONDS_MAX of compiler/sandbox.c. */
static void report_signal(int number)
{
	switch (number) {
	case SIGXCPU:
		warnx("the compiler was ended at its limit of processor time, 15 minutes at most: "
		      "does a macro of the probe expand without end?");
		break;
	case SIGSYS:
		warnx("the compiler was ended for a system call that no compiler makes: is the "
		      "probe from a source that you trust? Otherwise please report it, with the "
		      "version of libbcc");
		break;
	default:
		warnx("the compiler was ended by signal %d (%s); is there enough memory? It takes "
		      "205 MB, and 1 GiB at most",
		      number, strsignal(number));
	}
}

/* The compiler has said what failed, unless it could not start or was killed. */
static int report_failure(const struct child *child, int status)
{
	print_messages(child->messages);
	if (WIFSIGNALED(status))
		report_signal(WTERMSIG(status));
	else if (WEXITSTATUS(status) == EXIT_LOADER)
		warnx("the compiler did not start for want of a library: install libbcc (Debian: "
		      "apt-get install libbpfcc), or use --object with an object compiled "
		      "elsewhere");
	return -EINVAL;
}

int compile__run(const struct compile_request *request, char **object, size_t *size)
{
	struct child child;
	int status, err = start(request, &child);

	if (err) {
		warnx("cannot start the compiler %s: %s", request->program, strerror(-err));
		goto out;
	}
	err = wait_with_progress(&child);
	if (err)
		kill(child.pid, SIGKILL);
	status = reap(child.pid);
	if (err)
		goto out;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		err = report_failure(&child, status);
		goto out;
	}
	print_messages(child.messages);
	if (lseek(child.object, 0, SEEK_SET) != 0)
		err = -errno;
	else
		err = file__read_fd(child.object, OBJECT_MAX, object, size);
	if (err)
		warnx("cannot read the compiled object: %s", strerror(-err));
out:
	close_child(&child);
	return err;
}
