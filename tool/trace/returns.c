// SPDX-License-Identifier: Apache-2.0
#include "returns.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/libbpf.h>
#include <linux/perf_event.h>

/* Instances that are asked for; each takes some 100 bytes. The kernel takes up to 4096. */
#define INSTANCES 1024

/* With this many of the kernel's own there is no need. */
#define INSTANCES_ENOUGH 64

#define GROUP "tcpconnect_"

struct returns {
	int tracefs; /* its root */
	int events;  /* its file kprobe_events */
	int keeper;  /* a pipe to the process that takes away what was made */
	pid_t keeper_pid;
};

bool returns__are_few(void)
{
	int cpus = libbpf_num_possible_cpus();
	struct utsname kernel;
	bool preempts = uname(&kernel) == 0 && strstr(kernel.version, "PREEMPT");
	int instances = preempts ? 2 * cpus : cpus;

	return cpus > 0 && instances < INSTANCES_ENOUGH;
}

/* A mount of its own, at no place in the file system: it does not matter where others have it. */
static int open_tracefs(void)
{
	int context = fsopen("tracefs", FSOPEN_CLOEXEC);
	int mount = -1, root = -1;

	if (context >= 0 && fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
		mount = fsmount(context, FSMOUNT_CLOEXEC, 0);
	if (mount >= 0)
		root = openat(mount, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (mount >= 0)
		close(mount);
	if (context >= 0)
		close(context);
	return root;
}

/* One definition, or what takes one away; the kernel parses what one write brings. */
static int write_definition(int events, const char *definition)
{
	return write(events, definition, strlen(definition)) < 0 ? -errno : 0;
}

static DIR *open_directory(const struct returns *returns, const char *path)
{
	int fd = openat(returns->tracefs, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);

	if (!directory && fd >= 0)
		close(fd);
	return directory;
}

/* Everything that a process has made; one that is in use stays. */
static void take_away_group(const struct returns *returns, pid_t pid)
{
	char path[64], definition[NAME_MAX + 64];
	struct dirent *entry;
	DIR *group;

	snprintf(path, sizeof(path), "events/" GROUP "%d", pid);
	group = open_directory(returns, path);
	while (group && (entry = readdir(group)) != NULL) {
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		snprintf(definition, sizeof(definition), "-:" GROUP "%d/%s", pid, entry->d_name);
		write_definition(returns->events, definition);
	}
	if (group)
		closedir(group);
}

/* What processes left behind that were killed, and their keepers too. */
static void take_away_stale(const struct returns *returns)
{
	DIR *groups = open_directory(returns, "events");
	struct dirent *entry;

	while (groups && (entry = readdir(groups)) != NULL) {
		int pid;

		if (sscanf(entry->d_name, GROUP "%d", &pid) == 1 && kill(pid, 0) != 0 &&
		    errno == ESRCH)
			take_away_group(returns, pid);
	}
	if (groups)
		closedir(groups);
}

/* The keeper: nothing but lines that are told it, and what is done with them in the end. */
static void keep(int events, int told)
{
	char lines[4096];
	size_t used = 0;
	ssize_t size;

	do {
		size = read(told, lines + used, sizeof(lines) - 1 - used);
		used += size > 0 ? (size_t)size : 0;
	} while (size > 0 || (size < 0 && errno == EINTR));
	lines[used] = '\0';
	for (char *line = strtok(lines, "\n"); line; line = strtok(NULL, "\n"))
		for (int tries = 0; write_definition(events, line) == -EBUSY && tries < 100;
		     tries++)
			usleep(20000); /* the other process is about to be gone, and its hooks */
	_exit(0);
}

/* All that it has of the tool are these two descriptors; a Ctrl-C for the group is not for it. */
static int start_keeper(struct returns *returns)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		return -errno;
	returns->keeper_pid = fork();
	if (returns->keeper_pid == 0) {
		setsid();
		signal(SIGINT, SIG_IGN);
		signal(SIGTERM, SIG_IGN);
		signal(SIGHUP, SIG_IGN);
		prctl(PR_SET_NAME, "tcpconnect-keep");
		dup2(returns->events, 0);
		dup2(ends[0], 1);
		close_range(2, ~0U, 0);
		keep(0, 1);
	}
	close(ends[0]);
	returns->keeper = ends[1];
	return returns->keeper_pid < 0 ? -errno : 0;
}

static int begin(struct returns **out)
{
	struct returns *returns = calloc(1, sizeof(*returns));
	int err = -EOPNOTSUPP;

	if (!returns)
		return -ENOMEM;
	returns->keeper = returns->events = -1;
	returns->tracefs = open_tracefs();
	if (returns->tracefs >= 0)
		returns->events =
			openat(returns->tracefs, "kprobe_events", O_WRONLY | O_APPEND | O_CLOEXEC);
	if (returns->events >= 0) {
		take_away_stale(returns);
		err = start_keeper(returns);
	}
	if (err) {
		returns__close(returns);
		return err;
	}
	*out = returns;
	return 0;
}

/* The number by which perf knows what was made. */
static int read_id(const struct returns *returns, const char *event)
{
	char path[128], digits[16] = "";
	int fd, id = -ENOENT;

	snprintf(path, sizeof(path), "events/" GROUP "%d/%s/id", getpid(), event);
	fd = openat(returns->tracefs, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (read(fd, digits, sizeof(digits) - 1) > 0)
		id = atoi(digits);
	close(fd);
	return id;
}

static int open_event(int id)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attr),
		.config = (uint64_t)id,
		.sample_type = PERF_SAMPLE_RAW,
		.sample_period = 1,
		.wakeup_events = 1,
	};
	int fd = (int)syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* The keeper is told first: what it cannot find it leaves. */
static int make(const struct returns *returns, const char *event, const char *function)
{
	char definition[256];

	snprintf(definition, sizeof(definition), "-:" GROUP "%d/%s\n", getpid(), event);
	if (write(returns->keeper, definition, strlen(definition)) < 0)
		return -errno;
	snprintf(definition, sizeof(definition), "r%d:" GROUP "%d/%s %s", INSTANCES, getpid(),
		 event, function);
	return write_definition(returns->events, definition);
}

int returns__attach(struct returns **returns, const struct bpf_program *program,
		    const char *function, struct bpf_link **link)
{
	char event[48];
	int err = *returns ? 0 : begin(returns), fd;

	if (err)
		return err;
	/* what is allowed in an event's name: a function's may have dots */
	snprintf(event, sizeof(event), "%s", function);
	event[strcspn(event, ".")] = '\0';
	err = make(*returns, event, function);
	if (err && err != -EEXIST) /* made before, and detached since */
		return err;
	err = read_id(*returns, event);
	if (err < 0)
		return err;
	fd = open_event(err);
	if (fd < 0)
		return fd;
	*link = bpf_program__attach_perf_event(program, fd); /* takes the descriptor over */
	if (*link)
		return 0;
	err = -errno;
	close(fd);
	return err;
}

void returns__close(struct returns *returns)
{
	if (!returns)
		return;
	if (returns->keeper >= 0)
		close(returns->keeper);
	if (returns->keeper_pid > 0)
		waitpid(returns->keeper_pid, NULL, 0); /* it ends by itself, soon */
	if (returns->events >= 0)
		take_away_group(returns, getpid()); /* should it have been killed */
	if (returns->events >= 0)
		close(returns->events);
	if (returns->tracefs >= 0)
		close(returns->tracefs);
	free(returns);
}
