// SPDX-License-Identifier: Apache-2.0
#include "event_buffers.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include <bpf/libbpf.h>
#include <linux/perf_event.h>

#include "cpus.h"

#define ONLINE_FILE "/sys/devices/system/cpu/online"

/* Enough for a machine with 1,000 CPUs of which every other is off. */
#define LIST_SIZE 4096

/*
 * The part of a buffer that is filled before the tool is woken: what is below waits for a poll's
 * end.
 */
#define WAKEUP_DIVISOR 4

/* The clocks differ by the time that the machine slept; below this it is the time between two calls. */
#define SLEPT_NS 10000000

struct event_buffers {
	int map_fd;
	unsigned int pages;
	struct perf_event_attr attr;
	int online_fd, epoll_fd;
	char online[LIST_SIZE];	 /* as read last */
	int64_t asleep_ns;	 /* for how long the machine has slept since it was started */
	struct perf_buffer **of; /* by CPU; NULL: none */
	size_t end;
	sample_fn fn; /* during event_buffers__drain() */
	void *fn_ctx;
};

struct raw_sample {
	struct perf_event_header header;
	uint32_t size;
	char data[];
};

/* Records of lost samples are passed over: the probes count what the buffer did not take. */
static enum bpf_perf_event_ret take_record(void *ctx, int cpu, struct perf_event_header *header)
{
	const struct raw_sample *sample = (const struct raw_sample *)header;
	struct event_buffers *buffers = ctx;

	(void)cpu;
	if (header->type == PERF_RECORD_SAMPLE)
		buffers->fn(sample->data, sample->size, buffers->fn_ctx);
	return LIBBPF_PERF_EVENT_CONT;
}

static int report_open(const struct event_buffers *buffers, int err)
{
	warnx("cannot make a perf buffer of %u pages for each CPU: %s%s", buffers->pages,
	      strerror(-err),
	      err == -EACCES ? "; it needs root, or kernel.perf_event_paranoid at most 2"
	      : err == -EPERM || err == -ENOMEM ? "; try a smaller --buffer-pages"
						: "");
	return err;
}

/* A CPU that has gone meanwhile is no error: the next look at the list tells. */
static int open_of(struct event_buffers *buffers, size_t cpu)
{
	int number = (int)cpu, err;
	LIBBPF_OPTS(perf_buffer_raw_opts, opts, .cpu_cnt = 1, .cpus = &number, .map_keys = &number);
	struct epoll_event ready = {.events = EPOLLIN};
	struct perf_buffer *buffer = perf_buffer__new_raw(
		buffers->map_fd, buffers->pages, &buffers->attr, take_record, buffers, &opts);

	if (!buffer && errno == ENODEV)
		return 0;
	if (!buffer)
		return report_open(buffers, -errno);
	if (epoll_ctl(buffers->epoll_fd, EPOLL_CTL_ADD, perf_buffer__epoll_fd(buffer), &ready)) {
		err = -errno;
		perf_buffer__free(buffer);
		return report_open(buffers, err);
	}
	buffers->of[cpu] = buffer;
	return 0;
}

static int drain_of(struct event_buffers *buffers, size_t cpu)
{
	int err = buffers->of[cpu] ? perf_buffer__consume(buffers->of[cpu]) : 0;

	if (err)
		warnx("cannot read the events of CPU %zu: %s", cpu, strerror(-err));
	return err;
}

static void close_of(struct event_buffers *buffers, size_t cpu)
{
	perf_buffer__free(buffers->of[cpu]); /* takes the CPU's place in the map away, too */
	buffers->of[cpu] = NULL;
}

static int reserve(struct event_buffers *buffers, size_t end)
{
	struct perf_buffer **grown;

	if (end <= buffers->end)
		return 0;
	grown = reallocarray(buffers->of, end, sizeof(*grown));
	if (!grown)
		return report_open(buffers, -ENOMEM);
	memset(grown + buffers->end, 0, (end - buffers->end) * sizeof(*grown));
	buffers->of = grown;
	buffers->end = end;
	return 0;
}

/* For how long an event has been enabled, in ns: that stands still when it is dead. */
static uint64_t enabled_ns(struct perf_buffer *buffer)
{
	struct {
		uint64_t count, enabled_ns;
	} values = {0};
	int fd = perf_buffer__buffer_fd(buffer, 0);

	return read(fd, &values, sizeof(values)) == sizeof(values) ? values.enabled_ns : 0;
}

static bool is_alive(struct perf_buffer *buffer)
{
	return enabled_ns(buffer) != enabled_ns(buffer);
}

/* A CPU's buffer as it must be: open and alive, or closed and drained. */
static int follow_cpu(struct event_buffers *buffers, size_t cpu, bool is_online, bool ask)
{
	int err = 0;

	if (buffers->of[cpu] && (!is_online || (ask && !is_alive(buffers->of[cpu])))) {
		err = drain_of(buffers, cpu);
		close_of(buffers, cpu);
	}
	return !err && is_online && !buffers->of[cpu] ? open_of(buffers, cpu) : err;
}

/* What the machine has slept: nothing but suspend and hibernation sets the clocks apart. */
static int64_t asleep_ns(void)
{
	struct timespec boot, awake;

	clock_gettime(CLOCK_MONOTONIC, &awake);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	return (boot.tv_sec - awake.tv_sec) * INT64_C(1000000000) + boot.tv_nsec - awake.tv_nsec;
}

static bool has_slept(struct event_buffers *buffers)
{
	int64_t now_ns = asleep_ns();
	bool slept = now_ns - buffers->asleep_ns > SLEPT_NS;

	if (slept)
		buffers->asleep_ns = now_ns;
	return slept;
}

/* The list of the CPUs that are online; false where it is the same as before. */
static bool has_changed(struct event_buffers *buffers)
{
	char online[LIST_SIZE];
	ssize_t size = pread(buffers->online_fd, online, sizeof(online) - 1, 0);

	if (size <= 0)
		return false;
	online[size] = '\0';
	if (strcmp(online, buffers->online) == 0)
		return false;
	memcpy(buffers->online, online, (size_t)size + 1);
	return true;
}

static int follow(struct event_buffers *buffers, bool ask)
{
	struct cpus cpus;
	int err = cpus__parse(buffers->online, &cpus);

	if (err) {
		warnx("%s is no list of CPUs: %s", ONLINE_FILE, buffers->online);
		return err;
	}
	err = reserve(buffers, cpus.end);
	for (size_t cpu = 0; cpu < buffers->end && !err; cpu++)
		err = follow_cpu(buffers, cpu, cpus.is_in[cpu], ask);
	return err;
}

int event_buffers__open(int map_fd, unsigned int pages, struct event_buffers **out)
{
	struct event_buffers *buffers = calloc(1, sizeof(*buffers));
	int err;

	if (!buffers) {
		warnx("out of memory");
		return -ENOMEM;
	}
	buffers->map_fd = map_fd;
	buffers->pages = pages;
	buffers->attr = (struct perf_event_attr){
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(buffers->attr),
		.config = PERF_COUNT_SW_BPF_OUTPUT,
		.sample_type = PERF_SAMPLE_RAW,
		.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED,
		.sample_period = 1,
		.watermark = 1,
		.wakeup_watermark = pages * (size_t)sysconf(_SC_PAGESIZE) / WAKEUP_DIVISOR,
	};
	buffers->asleep_ns = asleep_ns();
	buffers->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	buffers->online_fd = open(ONLINE_FILE, O_RDONLY | O_CLOEXEC);
	if (buffers->epoll_fd < 0 || buffers->online_fd < 0 || !has_changed(buffers)) {
		err = errno ? -errno : -EIO;
		warnx("%s: %s", ONLINE_FILE, strerror(-err));
	} else {
		err = follow(buffers, false);
	}
	if (err) {
		event_buffers__free(buffers);
		return err;
	}
	*out = buffers;
	return 0;
}

int event_buffers__poll_fd(const struct event_buffers *buffers)
{
	return buffers->epoll_fd;
}

int event_buffers__drain(struct event_buffers *buffers, bool lost, sample_fn fn, void *ctx)
{
	bool changed = has_changed(buffers), ask = has_slept(buffers) || lost;
	int err;

	buffers->fn = fn;
	buffers->fn_ctx = ctx;
	err = changed || ask ? follow(buffers, ask) : 0;
	for (size_t cpu = 0; cpu < buffers->end && !err; cpu++)
		err = drain_of(buffers, cpu);
	return err;
}

void event_buffers__free(struct event_buffers *buffers)
{
	if (!buffers)
		return;
	for (size_t cpu = 0; cpu < buffers->end; cpu++)
		close_of(buffers, cpu);
	free(buffers->of);
	if (buffers->epoll_fd >= 0)
		close(buffers->epoll_fd);
	if (buffers->online_fd >= 0)
		close(buffers->online_fd);
	free(buffers);
}
