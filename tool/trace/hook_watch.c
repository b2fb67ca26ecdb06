// SPDX-License-Identifier: Apache-2.0
#include "hook_watch.h"

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "firing.h"

#define SECOND_NS UINT64_C(1000000000)

struct notice {
	notice_fn fn;
	void *ctx;
};

static void tell(const struct notice *notice, const char *what)
{
	warnx("warning: %s", what);
	notice->fn(what, notice->ctx);
}

static void tell_hooks(struct hook_watch *watch, const char *silent, const struct notice *notice)
{
	char what[256];

	if (silent == watch->silent)
		return;
	if (silent)
		snprintf(what, sizeof(what), "connects are not seen: %s", silent);
	else
		snprintf(what, sizeof(what), "connects are seen again");
	watch->silent = silent;
	tell(notice, what);
}

/*
 * Hooks that somebody has switched off, from the start or since. Those that are silent though no
 * switch is off are attached again.
 */
static void look_at_hooks(struct hook_watch *watch, struct attachment *attachment,
			  const struct notice *notice)
{
	const char *silent = firing__why_not(attachment->object, &attachment->links);

	if (silent && !firing__is_switched_off()) {
		attachment__renew(attachment);
		if (!watch->silent)
			tell_hooks(watch, silent, notice);
		silent = firing__why_not(attachment->object, &attachment->links);
	}
	tell_hooks(watch, silent, notice);
}

static void tell_hooked(const char *function, void *ctx)
{
	char what[256];

	snprintf(what, sizeof(what), "%s() is there now, and is hooked", function);
	tell(ctx, what);
}

/* Functions that were not there, and that a module has brought since: it stands in the first line. */
static void look_at_modules(struct hook_watch *watch, struct attachment *attachment,
			    const struct notice *notice)
{
	char newest[sizeof(watch->newest_module)] = "";
	int fd = attachment->waits ? open("/proc/modules", O_RDONLY | O_CLOEXEC) : -1;
	ssize_t size = fd < 0 ? -1 : read(fd, newest, sizeof(newest) - 1);

	if (fd >= 0)
		close(fd);
	newest[size < 0 ? 0 : size] = '\0';
	newest[strcspn(newest, " \n")] = '\0';
	if (size <= 0 || strcmp(newest, watch->newest_module) == 0)
		return;
	memcpy(watch->newest_module, newest, sizeof(newest));
	attachment__attach_late(attachment, tell_hooked, (void *)notice);
}

/* What there is to watch. */
static const struct watched {
	uint64_t interval_ns;
	bool when_quiet; /* a connect that was seen answers the question */
	void (*look)(struct hook_watch *watch, struct attachment *attachment,
		     const struct notice *notice);
} watched[WATCHED] = {
	{30 * SECOND_NS, true, look_at_hooks},
	{SECOND_NS, false, look_at_modules},
};

void hook_watch__look(struct hook_watch *watch, struct attachment *attachment, uint64_t now_ns, bool quiet,
		 notice_fn fn, void *ctx)
{
	const struct notice notice = {fn, ctx};

	for (size_t i = 0; i < WATCHED; i++) {
		bool first = watch->looked_ns[i] == 0;

		watch->was_quiet[i] = (first || watch->was_quiet[i]) && quiet;
		if (!first && now_ns - watch->looked_ns[i] < watched[i].interval_ns)
			continue;
		if (first || watch->was_quiet[i] || !watched[i].when_quiet || watch->silent)
			watched[i].look(watch, attachment, &notice);
		watch->looked_ns[i] = now_ns;
		watch->was_quiet[i] = true;
	}
}
