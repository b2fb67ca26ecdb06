// SPDX-License-Identifier: Apache-2.0
#include "libc_follow.h"

#include <err.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "processes.h"
#include "uprobe_multi.h"
#include "uretprobe_check.h"
#include "watch_thread.h"

/*
 * How long tracing waits for the hooks in what runs already: 0.05 s on an idle machine with a few
 * libraries. With many, or while others take hooks away, the rest comes later.
 */
#define FIRST_LOOK_MS 5000

/* Ring buffers are there since Linux 5.8: without one, no process tells that it starts. */
static void do_without_starts(struct bpf_object *object, struct attachment *attachment)
{
	struct bpf_map *starts = bpf_object__find_map_by_name(object, "process_starts");
	struct bpf_program *program;

	if (!starts || libbpf_probe_bpf_map_type(BPF_MAP_TYPE_RINGBUF, NULL) != 0)
		return;
	bpf_map__set_autocreate(starts, false);
	bpf_object__for_each_program(program, object)
		if (hook__kind(program)->group == HOOK_PROCESSES)
			missing_groups__add(&attachment->missing, hook__kind(program), -EOPNOTSUPP,
					    &attachment->links);
}

void libc_follow__prepare(struct bpf_object *object, struct attachment *attachment)
{
	struct bpf_program *program;

	do_without_starts(object, attachment);
	if (!uprobe_multi__is_known())
		return;
	bpf_object__for_each_program(program, object)
		if (hook__kind(program)->group == HOOK_LIBC)
			uprobe_multi__prepare(program);
}

/* The library cannot be hooked: names come otherwise. */
static void do_without(struct attachment *attachment, int err)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, attachment->object)
		if (hook__kind(program)->group == HOOK_LIBC)
			missing_groups__add(&attachment->missing, hook__kind(program), err,
					    &attachment->links);
}

static int start(struct libc_follow *follow)
{
	int err = processes__watch(follow->processes, &follow->watch);

	if (!err)
		err = watch_thread__start(&follow->watch, &follow->thread);
	if (!err)
		processes__await_first_look(follow->processes, FIRST_LOOK_MS);
	return err;
}

/* 0 also where it is done without them. */
static int begin(struct libc_follow *follow, struct attachment *attachment)
{
	int err = processes__new(attachment->object, follow->hooks, &follow->processes);

	if (err)
		return err;
	libc_hooks__take(follow->hooks, getpid()); /* the host's own tells whether it can be done */
	libc_hooks__take_installed(follow->hooks);
	err = libc_hooks__result(follow->hooks);
	if (!err || err == -ENOENT || err == -ENOEXEC)
		return start(follow);
	do_without(attachment, err);
	return 0;
}

int libc_follow__begin(struct libc_follow *follow, struct attachment *attachment)
{
	int err = libc_hooks__new(attachment->object, attachment->verbose, &follow->hooks);

	if (!err && !follow->hooks)
		return 0;
	if (!err && uretprobe_check__kills()) {
		do_without(attachment, -EOPNOTSUPP);
		return 0;
	}
	if (!err)
		err = begin(follow, attachment);
	if (err)
		warnx("cannot follow processes: %s", strerror(-err));
	return err;
}

uint64_t libc_follow__unhooked(const struct libc_follow *follow, enum libc_unhooked reason)
{
	return follow->hooks ? libc_hooks__unhooked(follow->hooks, reason) : 0;
}

uint64_t libc_follow__passed_over(const struct libc_follow *follow)
{
	return follow->processes ? processes__passed_over(follow->processes) : 0;
}

void libc_follow__end(struct libc_follow *follow)
{
	if (follow->hangs)
		return;
	if (!watch_thread__stop(follow->thread)) {
		warnx("warning: a C library's file does not answer; its hooks go with this process");
		follow->hangs = true;
		return;
	}
	follow->thread = NULL;
	libc_hooks__detach(follow->hooks);
}

void libc_follow__free(struct libc_follow *follow)
{
	libc_follow__end(follow);
	if (follow->hangs)
		return;
	processes__free(follow->processes);
	libc_hooks__free(follow->hooks);
	*follow = (struct libc_follow){0};
}
