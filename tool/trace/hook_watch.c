// SPDX-License-Identifier: Apache-2.0
#include "hook_watch.h"

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "firing.h"

#define SECOND_NS UINT64_C(1000000000)

#define HOOKS_INTERVAL_NS   (30 * SECOND_NS)
#define MODULES_INTERVAL_NS SECOND_NS

static void tell(const struct hook_watch *watch, const char *what)
{
	warnx("warning: %s", what);
	watch->fn(what, watch->ctx);
}

static void tell_hooks(struct hook_watch *watch, const char *silent)
{
	char what[256];

	if (silent == watch->silent)
		return;
	if (silent)
		snprintf(what, sizeof(what), "connects are not seen: %s", silent);
	else
		snprintf(what, sizeof(what), "connects are seen again");
	watch->silent = silent;
	tell(watch, what);
}

/*
 * Hooks that somebody has switched off, from the start or since. Those that are silent though no
 * switch is off are attached again.
 */
static void look_at_hooks(void *ctx, uint64_t now_ns)
{
	struct hook_watch *watch = ctx;
	struct attachment *attachment = watch->attachment;
	const char *silent;

	watch->hooks_due_ns = now_ns + HOOKS_INTERVAL_NS;
	if (watch->has_seen && !watch->silent) {
		watch->has_seen = false; /* that is the answer */
		return;
	}
	silent = firing__why_not(attachment->object, &attachment->links);
	if (silent && !firing__is_switched_off()) {
		attachment__renew(attachment);
		if (!watch->silent)
			tell_hooks(watch, silent);
		silent = firing__why_not(attachment->object, &attachment->links);
	}
	tell_hooks(watch, silent);
}

static void tell_hooked(const char *function, void *ctx)
{
	char what[256];

	snprintf(what, sizeof(what), "%s() is there now, and is hooked", function);
	tell(ctx, what);
}

/* Functions that were not there, and that a module has brought since: it stands in the first line. */
static void look_at_modules(void *ctx, uint64_t now_ns)
{
	struct hook_watch *watch = ctx;
	char newest[sizeof(watch->newest_module)] = "";
	int fd = open("/proc/modules", O_RDONLY | O_CLOEXEC);
	ssize_t size = fd < 0 ? -1 : read(fd, newest, sizeof(newest) - 1);

	watch->modules_due_ns = now_ns + MODULES_INTERVAL_NS;
	if (fd >= 0)
		close(fd);
	newest[size < 0 ? 0 : size] = '\0';
	newest[strcspn(newest, " \n")] = '\0';
	if (size <= 0 || strcmp(newest, watch->newest_module) == 0)
		return;
	memcpy(watch->newest_module, newest, sizeof(newest));
	attachment__attach_late(watch->attachment, tell_hooked, watch);
}

static uint64_t hooks_due_ns(const void *ctx)
{
	const struct hook_watch *watch = ctx;

	return watch->hooks_due_ns;
}

static uint64_t modules_due_ns(const void *ctx)
{
	const struct hook_watch *watch = ctx;

	return watch->attachment->waits ? watch->modules_due_ns : UINT64_MAX;
}

int hook_watch__begin(struct hook_watch *watch, struct attachment *attachment, struct watch *table,
		      notice_fn fn, void *ctx)
{
	const struct watched hooks = {
		.fd = -1, .due_ns = hooks_due_ns, .look = look_at_hooks, .ctx = watch};
	const struct watched modules = {
		.fd = -1, .due_ns = modules_due_ns, .look = look_at_modules, .ctx = watch};
	int err;

	*watch = (struct hook_watch){.attachment = attachment, .fn = fn, .ctx = ctx};
	err = watch__add(table, &hooks);
	return err ? err : watch__add(table, &modules);
}
