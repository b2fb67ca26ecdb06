// SPDX-License-Identifier: Apache-2.0
#include "processes.h"

#include <ctype.h>
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <uthash.h>

#include "event.h"

#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S  UINT64_C(1000000000)

/*
 * A program that was just executed has its linker and not yet its library. So it is looked at again
 * after these times; whatever is slower, a round finds.
 */
static const uint64_t again_ns[] = {3 * NS_PER_MS, 30 * NS_PER_MS, 300 * NS_PER_MS};

#define TRIES (sizeof(again_ns) / sizeof(again_ns[0]))

/* Programs that are waited for at the same time, and starts that are looked at in a second. */
#define AWAITED_MAX	 256
#define STARTS_PER_S	 500
#define GONE_AGAIN_PER_S 20

/*
 * A round takes no more than the 1000th part of a CPU, and one that only makes sure half of it, and
 * not more often than this. Some processes at a time are looked at.
 */
#define FIRST_LOOK_NS	  (20 * NS_PER_MS)
#define ROUND_SHARE	  1000
#define ROUND_PROCESSES	  64
#define ROUND_PAUSE_NS	  (50 * NS_PER_MS)
#define ROUND_INTERVAL_NS (60 * NS_PER_S)

struct awaited {
	struct process_start start;
	unsigned int tries;
	uint64_t due_ns;
};

/* All of /proc, some at a time. */
struct round {
	DIR *directory; /* NULL: none is under way */
	bool for_orphans;
	uint64_t next_ns;
};

struct running;

/* What runs already, some at a time. */
struct first_look {
	DIR *directory; /* NULL: it is done */
	struct running *seen;
	int done_fd; /* readable when it is done */
};

struct processes {
	struct libc_hooks *hooks;
	struct first_look first;
	struct ring_buffer *starts; /* NULL: the object tells none */
	int seen_fd;
	struct awaited awaited[AWAITED_MAX];
	size_t awaited_count;
	struct round round;
	uint64_t now_ns; /* when it was looked last */
	/* within this second */
	uint64_t second;
	unsigned int looked;
	unsigned int gone;
	uint64_t passed_over;
};

static uint64_t clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

/* One that ended before it was looked at was no news: the next of its kind is. */
static void forget_start(struct processes *processes, const struct process_start *start)
{
	if (processes->gone++ < GONE_AGAIN_PER_S)
		bpf_map_delete_elem(processes->seen_fd, &start->key);
}

static void await(struct processes *processes, const struct process_start *start)
{
	if (processes->awaited_count == AWAITED_MAX) {
		__atomic_fetch_add(&processes->passed_over, 1, __ATOMIC_RELAXED);
		return;
	}
	processes->awaited[processes->awaited_count++] =
		(struct awaited){.start = *start, .due_ns = processes->now_ns + again_ns[0]};
}

static void begin_second(struct processes *processes)
{
	if (processes->now_ns / NS_PER_S == processes->second)
		return;
	processes->second = processes->now_ns / NS_PER_S;
	processes->looked = 0;
	processes->gone = 0;
}

static int take_start(void *ctx, void *data, size_t size)
{
	struct processes *processes = ctx;
	const struct process_start *start = data;

	if (size < sizeof(*start))
		return 0;
	if (processes->looked++ >= STARTS_PER_S) {
		__atomic_fetch_add(&processes->passed_over, 1, __ATOMIC_RELAXED);
		return 0;
	}
	switch (libc_hooks__take(processes->hooks, (pid_t)start->pid)) {
	case LIBC_GONE:
		forget_start(processes, start);
		break;
	case LIBC_EXPECTED:
		await(processes, start);
		break;
	case LIBC_NONE:
	case LIBC_MAPPED:
		break;
	}
	return 0;
}

static void look_at_starts(void *ctx, uint64_t now_ns)
{
	struct processes *processes = ctx;

	processes->now_ns = now_ns;
	begin_second(processes);
	ring_buffer__consume(processes->starts);
}

static uint64_t awaited_due_ns(const void *ctx)
{
	const struct processes *processes = ctx;
	uint64_t due = UINT64_MAX;

	for (size_t i = 0; i < processes->awaited_count; i++)
		if (processes->awaited[i].due_ns < due)
			due = processes->awaited[i].due_ns;
	return due;
}

/* Is one that was awaited done with? */
static bool look_again(struct processes *processes, struct awaited *awaited)
{
	enum libc_search seen = libc_hooks__take(processes->hooks, (pid_t)awaited->start.pid);

	if (seen == LIBC_GONE)
		forget_start(processes, &awaited->start);
	if (seen != LIBC_EXPECTED || ++awaited->tries == TRIES)
		return true;
	awaited->due_ns = processes->now_ns + again_ns[awaited->tries];
	return false;
}

static void look_at_awaited(void *ctx, uint64_t now_ns)
{
	struct processes *processes = ctx;
	size_t kept = 0;

	processes->now_ns = now_ns;
	for (size_t i = 0; i < processes->awaited_count; i++) {
		struct awaited *awaited = &processes->awaited[i];

		if (awaited->due_ns > now_ns || !look_again(processes, awaited))
			processes->awaited[kept++] = *awaited;
	}
	processes->awaited_count = kept;
}

#define SEEN_BATCH 256

/*
 * What was seen in a mount namespace: its number, and all else in a key, can be another's soon.
 * Kernels before 5.6 know no batches; there what was seen is told again after a while.
 */
static void forget_namespace(uint32_t mntns, void *ctx)
{
	struct processes *processes = ctx;
	struct process_key keys[SEEN_BATCH];
	uint64_t told[SEEN_BATCH];
	uint32_t place, *previous = NULL;
	int err = processes->seen_fd < 0 ? -EINVAL : 0;

	while (!err) {
		uint32_t count = SEEN_BATCH;

		err = bpf_map_lookup_batch(processes->seen_fd, previous, &place, keys, told, &count,
					   NULL);
		if (err && err != -ENOENT)
			return;
		for (uint32_t i = 0; i < count; i++)
			if (keys[i].mntns == mntns)
				bpf_map_delete_elem(processes->seen_fd, &keys[i]);
		previous = &place;
	}
}

static void look_at_ended(void *ctx, uint64_t now_ns)
{
	struct processes *processes = ctx;

	(void)now_ns;
	libc_hooks__find_orphans(processes->hooks, forget_namespace, processes);
}

static void begin_round(struct processes *processes, bool for_orphans)
{
	struct round *round = &processes->round;

	if (round->directory)
		closedir(round->directory);
	round->directory = opendir("/proc");
	round->for_orphans = for_orphans;
	libc_hooks__begin_round(processes->hooks);
}

static void end_round(struct processes *processes, uint64_t now_ns)
{
	struct round *round = &processes->round;

	if (round->directory)
		closedir(round->directory);
	round->directory = NULL;
	round->next_ns = now_ns + ROUND_INTERVAL_NS;
	libc_hooks__release(processes->hooks);
}

/* The next process of a directory of /proc; 0: that was the last one. */
static pid_t next_process(DIR *directory)
{
	struct dirent *entry;

	while ((entry = readdir(directory)) != NULL)
		if (isdigit((unsigned char)entry->d_name[0]))
			return (pid_t)strtol(entry->d_name, NULL, 10);
	return 0;
}

/* false: the round has come to its end */
static bool look_at_some(struct processes *processes)
{
	for (int i = 0; i < ROUND_PROCESSES; i++) {
		pid_t pid = next_process(processes->round.directory);

		if (!pid)
			return false;
		if (!processes->round.for_orphans ||
		    libc_hooks__misses(processes->hooks, libc_hooks__mntns(pid)))
			libc_hooks__take(processes->hooks, pid);
	}
	return true;
}

/* For files that nobody has a round begins at once, but one such after the other. */
static bool is_urgent(const struct processes *processes)
{
	const struct round *round = &processes->round;

	return !(round->directory && round->for_orphans) &&
	       libc_hooks__has_orphans(processes->hooks);
}

static uint64_t round_due_ns(const void *ctx)
{
	const struct processes *processes = ctx;

	return is_urgent(processes) ? 0 : processes->round.next_ns;
}

static void go_round(void *ctx, uint64_t now_ns)
{
	struct processes *processes = ctx;
	struct round *round = &processes->round;
	uint64_t pause;

	if (is_urgent(processes) || !round->directory)
		begin_round(processes, libc_hooks__has_orphans(processes->hooks));
	if (!round->directory || !look_at_some(processes)) {
		end_round(processes, now_ns);
		return;
	}
	pause = (clock_ns() - now_ns) * ROUND_SHARE * (round->for_orphans ? 1 : 2);
	round->next_ns = now_ns + (pause > ROUND_PAUSE_NS ? pause : ROUND_PAUSE_NS);
}

/* What processes have in common that run with the same library, for those that run already. */
struct running {
	struct {
		uint64_t root[2];
		uint64_t exe[2];
		uint64_t mntns;
	} key;
	UT_hash_handle hh;
};

static int read_place(pid_t pid, const char *what, uint64_t numbers[2])
{
	char path[64];
	struct stat status;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, what);
	if (stat(path, &status) != 0)
		return -errno;
	numbers[0] = status.st_dev;
	numbers[1] = status.st_ino;
	return 0;
}

/* Is it the first of its kind? Not for a thread of the kernel, which has no program. */
static bool is_first(struct running **all, pid_t pid)
{
	struct running *running = calloc(1, sizeof(*running)), *found;

	if (!running)
		return false;
	if (read_place(pid, "exe", running->key.exe) != 0 ||
	    read_place(pid, "root", running->key.root) != 0)
		goto out;
	running->key.mntns = libc_hooks__mntns(pid);
	HASH_FIND(hh, *all, &running->key, sizeof(running->key), found);
	if (found)
		goto out;
	HASH_ADD(hh, *all, key, sizeof(running->key), running);
	return true;
out:
	free(running);
	return false;
}

static void end_first_look(struct first_look *first)
{
	struct running *running, *next;
	const uint64_t one = 1;

	if (first->directory)
		closedir(first->directory);
	first->directory = NULL;
	HASH_ITER(hh, first->seen, running, next)
	{
		HASH_DEL(first->seen, running);
		free(running);
	}
	if (first->done_fd >= 0 && write(first->done_fd, &one, sizeof(one)) < 0)
		warn("eventfd"); /* which takes any but the largest number */
}

static uint64_t first_due_ns(const void *ctx)
{
	const struct processes *processes = ctx;

	return processes->first.directory ? 0 : UINT64_MAX;
}

/* No longer than whoever wants to stop it would wait. */
static void look_first(void *ctx, uint64_t now_ns)
{
	struct processes *processes = ctx;
	struct first_look *first = &processes->first;
	pid_t pid = 1;

	while (pid && clock_ns() - now_ns < FIRST_LOOK_NS) {
		pid = next_process(first->directory);
		if (pid && is_first(&first->seen, pid))
			libc_hooks__take(processes->hooks, pid);
	}
	if (!pid)
		end_first_look(first);
}

void processes__await_first_look(const struct processes *processes, int timeout_ms)
{
	struct pollfd done = {.fd = processes->first.done_fd, .events = POLLIN};

	poll(&done, 1, timeout_ms);
}

static int begin_first_look(struct first_look *first)
{
	first->done_fd = eventfd(0, EFD_CLOEXEC);
	if (first->done_fd < 0)
		return -errno;
	first->directory = opendir("/proc");
	return first->directory ? 0 : -errno;
}

static int open_starts(struct processes *processes, const struct bpf_object *object)
{
	int starts = bpf_object__find_map_fd_by_name(object, "process_starts");

	processes->seen_fd = bpf_object__find_map_fd_by_name(object, "processes_seen");
	if (starts < 0 || processes->seen_fd < 0)
		return 0;
	processes->starts = ring_buffer__new(starts, take_start, processes, NULL);
	return processes->starts ? 0 : -errno;
}

int processes__new(const struct bpf_object *object, struct libc_hooks *hooks,
		   struct processes **processes)
{
	struct processes *made = calloc(1, sizeof(*made));
	int err;

	if (!made)
		return -ENOMEM;
	made->hooks = hooks;
	err = begin_first_look(&made->first);
	if (!err)
		err = open_starts(made, object);
	if (err) {
		processes__free(made);
		return err;
	}
	*processes = made;
	return 0;
}

void processes__free(struct processes *processes)
{
	if (!processes)
		return;
	if (processes->first.directory)
		end_first_look(&processes->first);
	if (processes->first.done_fd >= 0)
		close(processes->first.done_fd);
	if (processes->round.directory)
		closedir(processes->round.directory);
	ring_buffer__free(processes->starts);
	free(processes);
}

int processes__watch(struct processes *processes, struct watch *watch)
{
	const struct watched rows[] = {
		{.fd = -1, .due_ns = first_due_ns, .look = look_first},
		{.fd = libc_hooks__fd(processes->hooks), .look = look_at_ended},
		{.fd = -1, .due_ns = awaited_due_ns, .look = look_at_awaited},
		{.fd = -1, .due_ns = round_due_ns, .look = go_round},
		{.fd = processes->starts ? ring_buffer__epoll_fd(processes->starts) : -1,
		 .look = look_at_starts},
	};
	size_t count = sizeof(rows) / sizeof(rows[0]) - !processes->starts;
	int err = 0;

	for (size_t i = 0; i < count && !err; i++) {
		struct watched row = rows[i];

		row.ctx = processes;
		err = watch__add(watch, &row);
	}
	return err;
}

uint64_t processes__passed_over(const struct processes *processes)
{
	return __atomic_load_n(&processes->passed_over, __ATOMIC_RELAXED);
}
