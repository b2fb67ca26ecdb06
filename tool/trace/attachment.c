// SPDX-License-Identifier: Apache-2.0
#include "attachment.h"

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

/* What an attach failed for, and what to do. */
static void report_attach(const struct attachment *attachment, const struct bpf_program *program,
			  int err)
{
	const struct hook_kind *kind = hook__kind(program);
	const char *name = bpf_program__name(program),
		   *cure = hook__cure(kind, err, &attachment->links);

	if (err == -EPERM || err == -EACCES)
		warnx("%s: the kernel does not let this process hook: %s. It needs %s", name,
		      strerror(-err), cure);
	else if (cure)
		warnx("%s: %s", name, cure);
	else
		warnx("cannot attach %s: %s", name, strerror(-err));
}

static bool is_wanted(const struct attachment *attachment, const struct bpf_program *program)
{
	const struct hook_kind *kind = hook__kind(program);

	return bpf_program__autoload(program) &&
	       (kind->role != HOOK_IN_PLACE_OF || attachment->missing.is_missing[kind->group]);
}

/* The program at the function's other end: kprobe__F for kretprobe__F, and the other way. */
static const struct bpf_program *other_end(const struct attachment *attachment, const char *name)
{
	const struct bpf_program *program = NULL;
	char *other = NULL;
	int length = -1;

	if (strncmp(name, "kret", 4) == 0)
		length = asprintf(&other, "k%s", name + 4);
	else if (name[0] == 'k')
		length = asprintf(&other, "kret%s", name + 1);
	if (length >= 0)
		program = bpf_object__find_program_by_name(attachment->object, other);
	if (length >= 0)
		free(other);
	return program;
}

static bool is_ipv6(const struct bpf_program *program)
{
	return strstr(bpf_program__name(program), "__tcp_v6_connect") != NULL;
}

/* A function that this kernel does not have, or does not let hook. Said once for each. */
static void do_without(const struct attachment *attachment, const struct bpf_program *program,
		       int err)
{
	const char *name = bpf_program__name(program);

	if (strncmp(name, "kret", 4) != 0 && other_end(attachment, name))
		return; /* it was said of the return, which is attached first */
	if (is_ipv6(program) && err == -ENOENT)
		warnx("warning: IPv6 connects are not traced, since this kernel has no "
		      "tcp_v6_connect() (CONFIG_IPV6; modprobe ipv6)");
	else if (is_ipv6(program))
		warnx("warning: IPv6 connects are not traced, since this kernel does not let hook "
		      "tcp_v6_connect(): %s",
		      strerror(-err));
	else
		warnx("warning: not hooked, since this kernel has nothing of that name: %s", name);
}

/*
 * An entry whose return is not hooked would wait for that for ever. Returns are attached first, so
 * that what is not there by now is missing.
 */
static bool lacks_return(const struct attachment *attachment, const struct bpf_program *program)
{
	const char *name = bpf_program__name(program);
	const struct bpf_program *end;

	if (strncmp(name, "kret", 4) == 0)
		return false;
	end = other_end(attachment, name);
	return end && !hook_links__has(&attachment->links, end);
}

static int attach_program(struct attachment *attachment, const struct bpf_program *program)
{
	const struct hook_kind *kind = hook__kind(program);
	int err = lacks_return(attachment, program)
			  ? -ENOENT
			  : kind->way->attach(program, &attachment->links);

	/* one that has nothing to hook here is not attached, and that is no error */
	if (!err && attachment->verbose && hook_links__has(&attachment->links, program))
		warnx("attached %s", bpf_program__name(program));
	return err;
}

/* 0 where the others do without it. */
static int attach_or_do_without(struct attachment *attachment, const struct bpf_program *program)
{
	const struct hook_kind *kind = hook__kind(program);
	int err = attach_program(attachment, program);

	if (err && kind->role == HOOK_OPTIONAL) {
		missing_groups__add(&attachment->missing, kind, err, &attachment->links);
		return 0;
	}
	if (err == -ENOENT || (err == -EINVAL && is_ipv6(program))) {
		attachment->waits = true;
		do_without(attachment, program, err);
		return 0;
	}
	if (err)
		report_attach(attachment, program, err);
	return err;
}

/* Attaches the programs of one order. */
static int attach_order(struct attachment *attachment, unsigned int order)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, attachment->object) {
		int err;

		if (hook__kind(program)->order != order || !is_wanted(attachment, program))
			continue;
		err = attach_or_do_without(attachment, program);
		if (err)
			return err;
	}
	return 0;
}

/* Is there a program at its hook that tells more than names? Else the name of one that is not. */
static bool sees_connects(const struct attachment *attachment, const char **missing)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, attachment->object) {
		if (hook__kind(program)->role != HOOK_NEEDED)
			continue;
		if (hook_links__has(&attachment->links, program))
			return true;
		*missing = bpf_program__name(program);
	}
	return false;
}

int attachment__attach(struct attachment *attachment)
{
	const char *missing = "the probes name none";
	int err = 0;

	for (unsigned int order = 0; order < HOOK_ORDERS && !err; order++)
		err = attach_order(attachment, order);
	if (!err && !sees_connects(attachment, &missing)) {
		warnx("nothing to trace with: the kernel has none of the hooked functions (%s); "
		      "see /proc/kallsyms, or try --attach sockops",
		      missing);
		err = -ENOENT;
	}
	if (err)
		attachment__detach(attachment);
	return err;
}

/* A hook that somebody may have taken away, or that comes with a module: libraries are files. */
static bool is_renewable(const struct bpf_program *program)
{
	return hook__kind(program)->group != HOOK_LIBC;
}

static bool is_absent(const struct attachment *attachment, const struct bpf_program *program)
{
	const struct hook_kind *kind = hook__kind(program);
	bool left_out = kind->role == HOOK_OPTIONAL && attachment->missing.is_missing[kind->group];

	return is_renewable(program) && is_wanted(attachment, program) && !left_out &&
	       !hook_links__has(&attachment->links, program);
}

/* 0 if it is attached now. */
static int attach_absent(struct attachment *attachment, const struct bpf_program *program,
			 void (*fn)(const char *function, void *ctx), void *ctx)
{
	const char *name = bpf_program__name(program);
	int err = attach_program(attachment, program);

	if (fn && hook_links__has(&attachment->links, program) &&
	    (strncmp(name, "kret", 4) != 0 || !other_end(attachment, name)))
		fn(name + strlen(hook__kind(program)->prefix), ctx);
	return err;
}

void attachment__attach_late(struct attachment *attachment,
			     void (*fn)(const char *function, void *ctx), void *ctx)
{
	bool waits = false;

	for (unsigned int order = 0; order < HOOK_ORDERS; order++) {
		struct bpf_program *program;

		bpf_object__for_each_program(program, attachment->object)
			if (hook__kind(program)->order == order && is_absent(attachment, program))
				waits |= attach_absent(attachment, program, fn, ctx) != 0;
	}
	attachment->waits = waits;
}

void attachment__renew(struct attachment *attachment)
{
	hook_links__detach_some(&attachment->links, is_renewable);
	attachment__attach_late(attachment, NULL, NULL);
}

uint64_t attachment__missed(const struct attachment *attachment)
{
	uint64_t missed = hook_links__missed(&attachment->links);
	struct bpf_program *program;

	bpf_object__for_each_program(program, attachment->object) {
		struct bpf_prog_info info = {0};
		__u32 size = sizeof(info);

		if (bpf_program__fd(program) >= 0 &&
		    bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size) == 0)
			missed += info.recursion_misses;
	}
	return missed;
}

void attachment__detach(struct attachment *attachment)
{
	/* returns were attached first: the entries go before them */
	hook_links__detach(&attachment->links);
}
