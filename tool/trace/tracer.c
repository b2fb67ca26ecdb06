// SPDX-License-Identifier: Apache-2.0
#include "tracer.h"

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "attachment.h"
#include "cgroup_keys.h"
#include "event_buffers.h"
#include "event_layout.h"
#include "filter_maps.h"
#include "hook_watch.h"
#include "libc_follow.h"
#include "loader.h"
#include "pinned_map.h"
#include "watch.h"

/*
 * Per CPU. A storm of 40,000 connects a second on one CPU fills this in 65 ms. Events that columns
 * have made larger get up to four times as much.
 */
#define DEFAULT_BUFFER_PAGES 64
#define LARGE_BUFFER_PAGES   256

/* Maps of an object that the tool knows; NULL: the object has none of that name. */
struct maps {
	const struct bpf_map *events;
	struct bpf_map *losses;
	const struct bpf_map *connecting;
	const struct bpf_map *flows;
	const struct bpf_map *dns_clients;
	const struct bpf_map *libc_lookups;
	const struct bpf_map *pending;
};

struct tracer {
	struct attachment attachment;
	struct hook_watch hook_watch;
	struct maps maps;
	struct event_buffers *buffers;
	const struct losses *losses; /* the map's memory */
	size_t losses_size;
	struct event_layout layout; /* with the BTF of the object */
	struct libc_follow libc_follow;
	struct watch watch; /* what is followed while waiting for events */
	uint64_t missed;    /* what the kernel did not run, as read last */
	uint64_t missed_read_ns;
	bool detached;
	uint64_t without_buffer; /* events lost for want of one, as seen last */
};

/* Before a pinned map is put in the place of one: then that has the other's name. */
static struct maps find_maps(const struct bpf_object *object)
{
	return (struct maps){
		.events = bpf_object__find_map_by_name(object, "events"),
		.losses = bpf_object__find_map_by_name(object, "losses"),
		.connecting = bpf_object__find_map_by_name(object, "connecting"),
		.flows = bpf_object__find_map_by_name(object, "flows"),
		.dns_clients = bpf_object__find_map_by_name(object, "dns_clients"),
		.libc_lookups = bpf_object__find_map_by_name(object, "libc_lookups"),
		.pending = bpf_object__find_map_by_name(object, "pending"),
	};
}

/* Does a map have the sizes that the tool reads? A probe can be edited. */
static int check_map(const struct bpf_map *map, size_t key_size, size_t value_size)
{
	if (!map || (bpf_map__key_size(map) == key_size && bpf_map__value_size(map) == value_size))
		return 0;
	warnx("the probes' map '%s' has keys of %u and values of %u bytes, this tool reads %zu and "
	      "%zu",
	      bpf_map__name(map), bpf_map__key_size(map), bpf_map__value_size(map), key_size,
	      value_size);
	return -EINVAL;
}

static int check_maps(const struct maps *maps)
{
	int err = check_map(maps->losses, sizeof(int), sizeof(struct losses));

	if (!err)
		err = check_map(maps->flows, sizeof(struct flow), sizeof(struct flow_count));
	if (!err && !maps->flows && !maps->events) {
		warnx("the object has no perf output named 'events'");
		err = -EINVAL;
	}
	return err;
}

/* What is being made ready: of each object that the loader opens, until it is loaded. */
struct preparation {
	struct tracer *tracer;
	const struct options *options;
};

/* Before it is loaded: maps and layout must be those that this tool reads. */
static int prepare(struct bpf_object *object, void *context)
{
	const struct preparation *preparation = context;
	const struct options *options = preparation->options;
	struct maps *maps = &preparation->tracer->maps;
	int err;

	*maps = find_maps(object);
	err = check_maps(maps);
	if (err)
		return err;
	if (!maps->flows) {
		event_layout__free(&preparation->tracer->layout); /* of an earlier attempt */
		err = event_layout__read(bpf_object__btf(object), &preparation->tracer->layout);
		if (err)
			return err;
	}
	libc_follow__prepare(object, &preparation->tracer->attachment);
	if (maps->losses) /* read in shared memory: no system call */
		bpf_map__set_map_flags(maps->losses, BPF_F_MMAPABLE);
	err = pinned_map__use(object, "cgroup_map", options->cgroup_map, "--cgroupmap");
	return err ? err : pinned_map__use(object, "mntns_map", options->mntns_map, "--mntnsmap");
}

/* A map's value as the kernel and the probes see it. */
static int map_losses(struct tracer *tracer)
{
	void *memory;
	int err;

	if (!tracer->maps.losses)
		return 0;
	tracer->losses_size = (size_t)sysconf(_SC_PAGESIZE);
	memory = mmap(NULL, tracer->losses_size, PROT_READ, MAP_SHARED,
		      bpf_map__fd(tracer->maps.losses), 0);
	if (memory != MAP_FAILED) {
		tracer->losses = memory;
		return 0;
	}
	err = -errno;
	warnx("cannot map the probes' map 'losses': %s", strerror(-err));
	return err;
}

/* As many as keep the time that a storm takes to fill them, within bounds. */
static unsigned int default_pages(size_t event_size)
{
	unsigned int pages = DEFAULT_BUFFER_PAGES;

	while (pages < LARGE_BUFFER_PAGES &&
	       pages * sizeof(struct event) < DEFAULT_BUFFER_PAGES * event_size)
		pages *= 2;
	return pages;
}

int tracer__open(const void *object, size_t size, const struct options *options,
		 struct tracer **tracer)
{
	struct tracer *made = calloc(1, sizeof(*made));
	struct preparation preparation = {.tracer = made, .options = options};
	const struct loader_request request = {.bytes = object,
					       .size = size,
					       .verbose = options->verbose,
					       .prepare = prepare,
					       .context = &preparation};
	int err;

	if (!made) {
		warnx("out of memory");
		return -ENOMEM;
	}
	made->attachment.verbose = options->verbose;
	err = loader__load(&request, &made->attachment.missing, &made->attachment.object);
	if (err)
		goto err_out;
	err = filter_maps__fill(made->attachment.object, options);
	if (err)
		goto err_out;
	if (options->cgroup_map)
		cgroup_keys__check(options->cgroup_map);
	err = map_losses(made);
	if (err)
		goto err_out;
	if (!made->maps.flows) {
		err = event_buffers__open(bpf_map__fd(made->maps.events),
					  options->buffer_pages ? options->buffer_pages
								: default_pages(made->layout.size),
					  &made->buffers);
		if (err)
			goto err_out;
	}
	*tracer = made;
	return 0;

err_out:
	tracer__close(made);
	return err;
}

int tracer__attach(struct tracer *tracer)
{
	int err = attachment__attach(&tracer->attachment);

	if (!err)
		err = libc_follow__begin(&tracer->libc_follow, &tracer->attachment);
	if (err)
		tracer__detach(tracer);
	return err;
}

int tracer__follow(struct tracer *tracer, notice_fn fn, void *ctx)
{
	return hook_watch__begin(&tracer->hook_watch, &tracer->attachment, &tracer->watch, fn, ctx);
}

const struct event_layout *tracer__layout(const struct tracer *tracer)
{
	return &tracer->layout;
}

bool tracer__tells_results(const struct tracer *tracer)
{
	return bpf_object__find_program_by_name(tracer->attachment.object,
						"raw_tracepoint__inet_sock_set_state") != NULL;
}

const char *tracer__missing(const struct tracer *tracer, int group)
{
	return tracer->attachment.missing.is_missing[group] ? hook__group_name(group) : NULL;
}

/* A pending event as if it ended now; false for one that has not begun. */
static bool end_now(const struct event_layout *layout, char *event, uint64_t now_ns)
{
	const struct event_member *result = event_layout__find_typed(
		layout, "result", "connect_result", sizeof(connect_result));
	const struct event_member *latency =
		event_layout__find_typed(layout, "latency_ns", "duration_ns", sizeof(duration_ns));
	struct event *fixed = (struct event *)event;
	__s32 pending = RESULT_PENDING, now;
	uint64_t lasted = now_ns - fixed->time_ns;

	if (!result || !latency)
		return false;
	memcpy(&now, event + result->offset, sizeof(now));
	if (now != pending)
		return false;
	memcpy(event + latency->offset, &lasted, sizeof(lasted));
	fixed->time_ns = now_ns;
	return true;
}

void tracer__pending(struct tracer *tracer, uint64_t now_ns, sample_fn fn, void *ctx)
{
	const struct bpf_map *pending = tracer->maps.pending;
	uint64_t key, *previous = NULL;
	char *event;

	if (!pending || bpf_map__value_size(pending) != tracer->layout.size)
		return;
	event = malloc(tracer->layout.size);
	while (event && bpf_map_get_next_key(bpf_map__fd(pending), previous, &key) == 0) {
		if (bpf_map_lookup_elem(bpf_map__fd(pending), &key, event) == 0 &&
		    end_now(&tracer->layout, event, now_ns))
			fn(event, tracer->layout.size, ctx);
		previous = &key;
	}
	free(event);
}

bool tracer__counts(const struct tracer *tracer)
{
	return tracer->maps.flows != NULL;
}

bool tracer__sees_names(const struct tracer *tracer)
{
	return tracer->maps.dns_clients || tracer->maps.libc_lookups;
}

int tracer__wait(struct tracer *tracer, int timeout_ms)
{
	int fd = tracer->buffers ? event_buffers__poll_fd(tracer->buffers) : -1;
	int err = watch__wait(&tracer->watch, fd, timeout_ms);

	if (err)
		warnx("cannot wait for events: %s", strerror(-err));
	return err;
}

static uint64_t count_lost(const struct tracer *tracer, enum loss loss)
{
	return tracer->losses ? __atomic_load_n(&tracer->losses->count[loss], __ATOMIC_RELAXED) : 0;
}

/* What a drain is for. */
struct drain {
	struct tracer *tracer;
	sample_fn fn;
	void *ctx;
};

static void take_sample(const void *sample, size_t size, void *ctx)
{
	const struct drain *drain = ctx;
	const struct event_head *head = sample;

	if (head->kind == EVENT_CONNECT)
		drain->tracer->hook_watch.has_seen = true;
	drain->fn(sample, size, drain->ctx);
}

int tracer__drain(struct tracer *tracer, sample_fn fn, void *ctx)
{
	uint64_t without_buffer = count_lost(tracer, LOSS_NO_BUFFER);
	bool lost = without_buffer != tracer->without_buffer;
	struct drain drain = {tracer, fn, ctx};

	tracer->without_buffer = without_buffer;
	return event_buffers__drain(tracer->buffers, lost, take_sample, &drain);
}

/* After the hooks are gone, an entry that is left is a connect whose return was missed. */
static uint64_t count_orphans(int connecting_fd)
{
	uint64_t orphans = 0;
	uint32_t tid, *previous = NULL;

	while (bpf_map_get_next_key(connecting_fd, previous, &tid) == 0) {
		orphans++;
		previous = &tid;
	}
	return orphans;
}

void tracer__losses(struct tracer *tracer, uint64_t now_ns, struct tracer_losses *losses)
{
	const struct bpf_map *connecting = tracer->maps.connecting;

	memset(losses, 0, sizeof(*losses));
	for (int i = 0; i < LOSS_KINDS; i++)
		losses->count[i] = count_lost(tracer, i);
	if (tracer->detached && connecting)
		losses->count[LOSS_RETURN_MISSED] += count_orphans(bpf_map__fd(connecting));
	if (!tracer->detached && now_ns - tracer->missed_read_ns >= TRACER_MISSED_INTERVAL_NS) {
		tracer->missed = attachment__missed(&tracer->attachment);
		tracer->missed_read_ns = now_ns;
	}
	losses->count[TRACER_LOSS_PROBE_MISSED] = tracer->missed;
	for (int i = 0; i < LIBC_UNHOOKED_KINDS; i++)
		losses->count[TRACER_LIBC_FOREIGN + i] =
			libc_follow__unhooked(&tracer->libc_follow, i);
	losses->count[TRACER_STARTS_PASSED_OVER] = libc_follow__passed_over(&tracer->libc_follow);
}

static int grow_flows(struct counted_flow **flows, size_t *capacity)
{
	size_t grown = *capacity ? 2 * *capacity : 64;
	struct counted_flow *moved = reallocarray(*flows, grown, sizeof(*moved));

	if (!moved) {
		warnx("cannot read the counts: out of memory");
		return -ENOMEM;
	}
	*flows = moved;
	*capacity = grown;
	return 0;
}

int tracer__flows(const struct tracer *tracer, struct counted_flow **flows, size_t *count)
{
	int flows_fd = bpf_map__fd(tracer->maps.flows);
	struct flow key, *previous = NULL;
	size_t capacity = 0;

	*flows = NULL;
	*count = 0;
	while (bpf_map_get_next_key(flows_fd, previous, &key) == 0) {
		struct counted_flow *flow;

		if (*count == capacity && grow_flows(flows, &capacity) != 0) {
			free(*flows);
			*flows = NULL;
			return -ENOMEM;
		}
		flow = &(*flows)[(*count)++];
		*flow = (struct counted_flow){.key = key};
		bpf_map_lookup_elem(flows_fd, &key, &flow->count);
		previous = &key;
	}
	return 0;
}

void tracer__detach(struct tracer *tracer)
{
	if (!tracer->detached && tracer->attachment.object)
		tracer->missed = attachment__missed(&tracer->attachment);
	libc_follow__end(&tracer->libc_follow);
	attachment__detach(&tracer->attachment);
	tracer->detached = true;
}

void tracer__close(struct tracer *tracer)
{
	if (!tracer)
		return;
	tracer__detach(tracer);
	libc_follow__free(&tracer->libc_follow);
	if (tracer->libc_follow.hangs)
		return; /* its thread has part of this still: the process's end frees it */
	event_buffers__free(tracer->buffers);
	if (tracer->losses)
		munmap((void *)tracer->losses, tracer->losses_size);
	event_layout__free(&tracer->layout);
	bpf_object__close(tracer->attachment.object);
	free(tracer);
}
