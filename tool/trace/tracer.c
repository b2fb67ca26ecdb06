// SPDX-License-Identifier: Apache-2.0
#include "tracer.h"

#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/perf_event.h>

#include "event_layout.h"
#include "hook.h"
#include "pinned_map.h"

/* Per CPU. A storm of 40,000 connects a second on one CPU fills this in 65 ms. */
#define DEFAULT_BUFFER_PAGES 64

/*
 * The part of a buffer that is filled before the tool is woken: what is below waits for a poll's
 * end.
 */
#define WAKEUP_DIVISOR 4

#define VERIFIER_LOG_SIZE (256 * 1024)

/* The key of the map `flows`, as in probes/connect.h. */
struct flow_key {
	uint8_t saddr[16];
	uint8_t daddr[16];
	uint16_t family;
	uint16_t dport;
};

/* Maps of an object that the tool knows; NULL: the object has none of that name. */
struct maps {
	const struct bpf_map *events;
	const struct bpf_map *losses;
	const struct bpf_map *connecting;
	const struct bpf_map *flows;
	const struct bpf_map *dns_askers;
	const struct bpf_map *libc_lookups;
};

struct tracer {
	struct bpf_object *object;
	struct maps maps;
	struct hook_links links;
	struct perf_buffer *buffer;
	bool missing[HOOK_OPTIONS]; /* what could not be hooked */
	uint64_t missed;	    /* when it was detached */
	bool detached;
	bool verbose;
	sample_fn fn; /* during tracer__drain() */
	void *fn_ctx;
};

/* Before a pinned map is put in the place of one: then that has the other's name. */
static struct maps find_maps(const struct bpf_object *object)
{
	return (struct maps){
		.events = bpf_object__find_map_by_name(object, "events"),
		.losses = bpf_object__find_map_by_name(object, "losses"),
		.connecting = bpf_object__find_map_by_name(object, "connecting"),
		.flows = bpf_object__find_map_by_name(object, "flows"),
		.dns_askers = bpf_object__find_map_by_name(object, "dns_askers"),
		.libc_lookups = bpf_object__find_map_by_name(object, "libc_lookups"),
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

/* The verifier's reason stands in the last lines of its log, before its statistics. */
static void print_verifier_log(const char *log, bool verbose)
{
	const char *end = strstr(log, "\nprocessed ");
	const char *begin;

	if (!end)
		end = log + strlen(log);
	begin = end;
	if (verbose)
		begin = log;
	for (int lines = 0; begin > log && lines < 6; lines++)
		for (begin--; begin > log && begin[-1] != '\n'; begin--)
			;
	if (end > begin)
		fprintf(stderr, "%.*s\n", (int)(end - begin), begin);
}

/* Is it a helper that the kernel does not give this program, and is it known why? */
static const char *refused_helper(const struct bpf_program *refused, const char *log)
{
	bool helper = strstr(log, "unknown func ") || strstr(log, "cannot use helper ");

	return refused && helper ? hook__without_helper(refused) : NULL;
}

static void report_load(const struct bpf_program *refused, int err, const char *log, bool verbose)
{
	const char *name = refused ? bpf_program__name(refused) : "its maps";
	const char *helper = refused_helper(refused, log);

	if (verbose || !helper)
		print_verifier_log(log, verbose);
	if (helper)
		warnx("the kernel refused %s: %s", name, helper);
	else if (err == -EPERM)
		warnx("the kernel does not let this process load %s: Operation not permitted. It "
		      "needs root, or CAP_BPF and CAP_PERFMON, and a kernel and container that "
		      "allow bpf()",
		      name);
	else
		warnx("the kernel refused %s: %s%s", name, strerror(-err),
		      log[0] ? "; the lines above are its verifier's" : "");
}

/* Do names come from elsewhere, so that few are missed? */
static bool is_spare(const struct tracer *tracer, enum hook_option option)
{
	struct bpf_program *program;

	if (option == HOOK_LIBC && tracer->maps.dns_askers)
		return true;
	bpf_object__for_each_program(program, tracer->object)
		if (hook__instead_of(program) == option)
			return true;
	return false;
}

/* Tracing goes on. */
static void do_without(struct tracer *tracer, enum hook_option option, int err)
{
	if (!tracer->missing[option] && (tracer->verbose || !is_spare(tracer, option)))
		warnx("warning: names may be missing, since %s cannot be hooked: %s",
		      hook__option_name(option), strerror(-err));
	tracer->missing[option] = true;
}

static int print_warning(enum libbpf_print_level level, const char *format, va_list arguments)
{
	return level == LIBBPF_WARN ? vfprintf(stderr, format, arguments) : 0;
}

/* What is loaded, and how. */
struct image {
	const void *bytes;
	size_t size;
	const struct tracer_settings *settings;
};

static int check_maps(const struct maps *maps)
{
	int err = check_map(maps->losses, sizeof(int), TRACER_LOSS_PROBE_KINDS * sizeof(uint64_t));

	if (!err)
		err = check_map(maps->connecting, sizeof(uint32_t), sizeof(void *));
	if (!err)
		err = check_map(maps->flows, sizeof(struct flow_key), sizeof(uint64_t));
	if (!err && !maps->flows && !maps->events) {
		warnx("the object has no perf output named 'events'");
		err = -EINVAL;
	}
	return err;
}

/* On an error that was told, tracer->object is NULL. */
static int open_object(struct tracer *tracer, const struct image *image, char *log)
{
	const struct tracer_settings *settings = image->settings;
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = "tcpconnect", .kernel_log_buf = log,
		    .kernel_log_size = VERIFIER_LOG_SIZE);
	int err;

	tracer->object = bpf_object__open_mem(image->bytes, image->size, &opts);
	if (!tracer->object) {
		err = -errno;
		warnx("libbpf cannot read the object: %s", strerror(-err));
		return err;
	}
	tracer->maps = find_maps(tracer->object);
	err = check_maps(&tracer->maps);
	if (!err && !tracer->maps.flows)
		err = event_layout__check(bpf_object__btf(tracer->object));
	if (!err)
		err = pinned_map__use(tracer->object, "cgroup_map", settings->cgroup_map,
				      "--cgroupmap");
	if (!err)
		err = pinned_map__use(tracer->object, "mntns_map", settings->mntns_map,
				      "--mntnsmap");
	if (err) {
		bpf_object__close(tracer->object);
		tracer->object = NULL;
	}
	return err;
}

static bool is_left_out(const struct tracer *tracer, const struct bpf_program *program)
{
	enum hook_option option = hook__option(program);

	return option && tracer->missing[option];
}

#define ALL_PROGRAMS SIZE_MAX

/* Opens the object, and loads all programs that are wanted, or just one of them, by its number. */
static int load_programs(struct tracer *tracer, const struct image *image, char *log, size_t only)
{
	struct bpf_program *program;
	size_t number = 0;
	int err;

	bpf_object__close(tracer->object); /* libbpf loads one only once */
	log[0] = '\0';
	err = open_object(tracer, image, log);
	if (err)
		return err;
	bpf_object__for_each_program(program, tracer->object) {
		if (is_left_out(tracer, program) || (only != ALL_PROGRAMS && number != only))
			bpf_program__set_autoload(program, false);
		number++;
	}
	return bpf_object__load(tracer->object);
}

static const struct bpf_program *loaded_alone(const struct bpf_object *object)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, object)
		if (bpf_program__autoload(program))
			return program;
	return NULL;
}

/*
 * After a failure libbpf does not tell which program the kernel refused: each is tried alone. That
 * one is left in the tracer's object, with its log; NULL when all of them can be loaded so.
 */
static const struct bpf_program *find_refused(struct tracer *tracer, const struct image *image,
					      char *log, int *err)
{
	struct bpf_program *program;
	size_t count = 0;

	bpf_object__for_each_program(program, tracer->object)
		count++;
	for (size_t number = 0; number < count; number++) {
		int alone = load_programs(tracer, image, log, number);

		if (alone) {
			*err = alone;
			return tracer->object ? loaded_alone(tracer->object) : NULL;
		}
	}
	return NULL;
}

/*
 * A kernel that refuses an optional program, say for want of its type, gets all but those of the
 * same option.
 */
static int load(struct tracer *tracer, const struct image *image)
{
	char *log = calloc(1, VERIFIER_LOG_SIZE);
	int err = log ? load_programs(tracer, image, log, ALL_PROGRAMS) : -ENOMEM;

	while (err && tracer->object) {
		const struct bpf_program *refused = find_refused(tracer, image, log, &err);
		enum hook_option option = refused ? hook__option(refused) : HOOK_NO_OPTION;

		if (option == HOOK_NO_OPTION) {
			report_load(refused, err, log, tracer->verbose);
			break;
		}
		do_without(tracer, option, err);
		err = load_programs(tracer, image, log, ALL_PROGRAMS);
	}
	free(log);
	return err;
}

struct raw_sample {
	struct perf_event_header header;
	uint32_t size;
	char data[];
};

/* Records of lost samples are passed over: the probes count what the buffer did not take. */
static enum bpf_perf_event_ret handle_record(void *ctx, int cpu, struct perf_event_header *header)
{
	const struct raw_sample *sample = (const struct raw_sample *)header;
	struct tracer *tracer = ctx;

	(void)cpu;
	if (header->type == PERF_RECORD_SAMPLE)
		tracer->fn(sample->data, sample->size, tracer->fn_ctx);
	return LIBBPF_PERF_EVENT_CONT;
}

static int open_buffer(struct tracer *tracer, unsigned int pages)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_BPF_OUTPUT,
		.sample_type = PERF_SAMPLE_RAW,
		.sample_period = 1,
		.watermark = 1,
	};
	int err;

	if (!pages)
		pages = DEFAULT_BUFFER_PAGES;
	attr.wakeup_watermark = pages * (size_t)sysconf(_SC_PAGESIZE) / WAKEUP_DIVISOR;
	tracer->buffer = perf_buffer__new_raw(bpf_map__fd(tracer->maps.events), pages, &attr,
					      handle_record, tracer, NULL);
	if (tracer->buffer)
		return 0;
	err = -errno;
	warnx("cannot make a perf buffer of %u pages for each CPU: %s%s", pages, strerror(-err),
	      err == -EACCES ? "; it needs root, or kernel.perf_event_paranoid at most 2"
	      : err == -EPERM || err == -ENOMEM ? "; try a smaller --buffer-pages"
						: "");
	return err;
}

int tracer__open(const void *object, size_t size, const struct tracer_settings *settings,
		 struct tracer **tracer)
{
	const struct image image = {.bytes = object, .size = size, .settings = settings};
	struct tracer *made = calloc(1, sizeof(*made));
	int err;

	if (!made)
		return -ENOMEM;
	made->verbose = settings->verbose;
	libbpf_set_print(settings->verbose ? print_warning : NULL);
	err = load(made, &image);
	if (!err && !made->maps.flows)
		err = open_buffer(made, settings->buffer_pages);
	if (err)
		goto err_out;
	*tracer = made;
	return 0;

err_out:
	tracer__close(made);
	return err;
}

/* What an attach failed for, and what to do. */
static void report_attach(const struct bpf_program *program, int err)
{
	const char *name = bpf_program__name(program);

	if (err == -EOPNOTSUPP)
		warnx("%s: %s", name, hook__lack(program));
	else if (err == -EPERM || err == -EACCES)
		warnx("%s: the kernel does not let this process hook: %s. It needs root, or "
		      "CAP_BPF and CAP_PERFMON with kernel.perf_event_paranoid at most 2, or for "
		      "sockops also CAP_NET_ADMIN",
		      name, strerror(-err));
	else
		warnx("cannot attach %s: %s", name, strerror(-err));
}

struct attached {
	size_t needed;	     /* how many programs that tell more than names */
	const char *missing; /* the last program whose function the kernel lacks */
};

static bool is_wanted(const struct tracer *tracer, const struct bpf_program *program)
{
	enum hook_option instead_of = hook__instead_of(program);

	return bpf_program__autoload(program) && (!instead_of || tracer->missing[instead_of]);
}

/* Attaches the programs of one rank. */
static int attach_rank(struct tracer *tracer, int rank, struct attached *attached)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, tracer->object) {
		int err;

		if (hook__rank(program) != rank || !is_wanted(tracer, program))
			continue;
		err = hook__attach(program, &tracer->links);
		if (err && hook__option(program)) {
			do_without(tracer, hook__option(program), err);
			continue;
		}
		if (err == -ENOENT) {
			attached->missing = bpf_program__name(program);
			if (tracer->verbose || rank > 0)
				warnx("warning: not hooked, since this kernel has no such "
				      "function: %s",
				      attached->missing);
			continue;
		}
		if (err) {
			report_attach(program, err);
			return err;
		}
		attached->needed += !hook__option(program) && !hook__instead_of(program);
		if (tracer->verbose)
			warnx("attached %s", bpf_program__name(program));
	}
	return 0;
}

int tracer__attach(struct tracer *tracer)
{
	struct attached attached = {0};
	int err = 0;

	for (int rank = 0; rank <= HOOK_LAST_RANK && !err; rank++)
		err = attach_rank(tracer, rank, &attached);
	if (!err && !attached.needed) {
		warnx("nothing to trace with: the kernel has none of the hooked functions (%s); "
		      "see /proc/kallsyms, or try --attach sockops",
		      attached.missing ? attached.missing : "the probes name none");
		err = -ENOENT;
	}
	if (err)
		tracer__detach(tracer);
	return err;
}

bool tracer__counts(const struct tracer *tracer)
{
	return tracer->maps.flows != NULL;
}

bool tracer__sees_names(const struct tracer *tracer)
{
	return tracer->maps.dns_askers || tracer->maps.libc_lookups;
}

int tracer__wait(struct tracer *tracer, int timeout_ms)
{
	struct pollfd ready = {.fd = -1, .events = POLLIN};

	if (tracer->buffer)
		ready.fd = perf_buffer__epoll_fd(tracer->buffer);
	return poll(&ready, 1, timeout_ms) < 0 && errno != EINTR ? -errno : 0;
}

int tracer__drain(struct tracer *tracer, sample_fn fn, void *ctx)
{
	tracer->fn = fn;
	tracer->fn_ctx = ctx;
	return perf_buffer__consume(tracer->buffer);
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

/*
 * What the kernel did not run: kprobes hit in another kprobe, and programs hit in another program
 * (bpf_prog_info, since Linux 5.12; before, it does not tell).
 */
static uint64_t count_missed(const struct tracer *tracer)
{
	uint64_t missed = hook__missed(&tracer->links);
	struct bpf_program *program;

	bpf_object__for_each_program(program, tracer->object) {
		struct bpf_prog_info info = {0};
		__u32 size = sizeof(info);

		if (bpf_program__fd(program) >= 0 &&
		    bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size) == 0)
			missed += info.recursion_misses;
	}
	return missed;
}

void tracer__losses(const struct tracer *tracer, uint64_t losses[TRACER_LOSS_KINDS])
{
	const struct maps *maps = &tracer->maps;
	uint32_t zero = 0;

	memset(losses, 0, TRACER_LOSS_KINDS * sizeof(losses[0]));
	if (maps->losses)
		bpf_map_lookup_elem(bpf_map__fd(maps->losses), &zero, losses);
	if (tracer->detached && maps->connecting)
		losses[TRACER_LOSS_RETURN_MISSED] += count_orphans(bpf_map__fd(maps->connecting));
	losses[TRACER_LOSS_PROBE_MISSED] = tracer->detached ? tracer->missed : count_missed(tracer);
}

int tracer__flows(const struct tracer *tracer, struct tracer_flow **flows, size_t *count)
{
	int flows_fd = bpf_map__fd(tracer->maps.flows);
	struct flow_key key, *previous = NULL;
	size_t capacity = 0;

	*flows = NULL;
	*count = 0;
	while (bpf_map_get_next_key(flows_fd, previous, &key) == 0) {
		struct tracer_flow *flow;

		if (*count == capacity) {
			capacity = capacity ? 2 * capacity : 64;
			flow = reallocarray(*flows, capacity, sizeof(*flow));
			if (!flow) {
				free(*flows);
				*flows = NULL;
				return -ENOMEM;
			}
			*flows = flow;
		}
		flow = &(*flows)[(*count)++];
		memcpy(flow->saddr, key.saddr, sizeof(flow->saddr));
		memcpy(flow->daddr, key.daddr, sizeof(flow->daddr));
		flow->family = key.family;
		flow->dport = key.dport;
		flow->connects = 0;
		bpf_map_lookup_elem(flows_fd, &key, &flow->connects);
		previous = &key;
	}
	return 0;
}

void tracer__detach(struct tracer *tracer)
{
	if (!tracer->detached && tracer->object)
		tracer->missed = count_missed(tracer);
	hook__detach(&tracer->links); /* returns were attached first: the entries go before them */
	tracer->detached = true;
}

void tracer__close(struct tracer *tracer)
{
	if (!tracer)
		return;
	tracer__detach(tracer);
	perf_buffer__free(tracer->buffer);
	bpf_object__close(tracer->object);
	free(tracer);
}
