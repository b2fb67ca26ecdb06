// SPDX-License-Identifier: Apache-2.0
#include "hook_name.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum target {
	TARGET_NONE,   /* the section has no target: sockops */
	TARGET_SYMBOL, /* section/SYMBOL */
	TARGET_PAIR,   /* section/CATEGORY/EVENT, from CATEGORY__EVENT */
};

/* What the kernel calls programs of a cgroup for, as libbpf names it; blanks stand between. */
#define PACKETS "ingress egress"
#define CGROUP_OPS                                                                      \
	"connect4 connect6 sendmsg4 sendmsg6 recvmsg4 recvmsg6 bind4 bind6 post_bind4 " \
	"post_bind6 getpeername4 getpeername6 getsockname4 getsockname6 sock_create "   \
	"sock_release sysctl getsockopt setsockopt dev"

static const struct kind {
	const char *prefix;
	const char *section;
	enum target target;
	const char *targets; /* all that there are; NULL: the kernel has them */
	bool has_old_reads;
} kinds[] = {
	{"kprobe__", "kprobe", TARGET_SYMBOL, NULL, true},
	{"kretprobe__", "kretprobe", TARGET_SYMBOL, NULL, true},
	/* a kprobe that is attached only where the root cgroup can't be hooked */
	{"spare_kprobe__", "kprobe", TARGET_SYMBOL, NULL, true},
	/* programs that see an address before others rewrite it; tracing can do without them */
	{"asked_kprobe__", "kprobe", TARGET_SYMBOL, NULL, true},
	{"asked_cgroup__", "cgroup", TARGET_SYMBOL, CGROUP_OPS, false},
	{"uprobe__", "uprobe", TARGET_SYMBOL, NULL, true},
	{"uretprobe__", "uretprobe", TARGET_SYMBOL, NULL, true},
	{"tracepoint__", "tracepoint", TARGET_PAIR, NULL, true},
	{"raw_tracepoint__", "raw_tracepoint", TARGET_SYMBOL, NULL, true},
	{"kfunc__", "fentry", TARGET_SYMBOL, NULL, true},
	{"kretfunc__", "fexit", TARGET_SYMBOL, NULL, true},
	{"sockops__", "sockops", TARGET_NONE, NULL, false},
	{"cgroup_skb__", "cgroup_skb", TARGET_SYMBOL, PACKETS, false},
	{"cgroup__", "cgroup", TARGET_SYMBOL, CGROUP_OPS, false},
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static const struct kind *find_kind(const char *function)
{
	for (size_t i = 0; i < KINDS; i++)
		if (strncmp(function, kinds[i].prefix, strlen(kinds[i].prefix)) == 0)
			return &kinds[i];
	return NULL;
}

/* Does a list of words hold this one? */
static bool lists(const char *words, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = strstr(words, word); at; at = strstr(at + 1, word))
		if ((at == words || at[-1] == ' ') && (!at[length] || at[length] == ' '))
			return true;
	return false;
}

static int write_section(const struct kind *kind, const char *rest, struct hook_name *name)
{
	const char *gap = strstr(rest, "__");
	size_t size = sizeof(name->section);
	int length;

	if (kind->target == TARGET_NONE)
		length = snprintf(name->section, size, "%s", kind->section);
	else if (kind->target == TARGET_SYMBOL)
		length = snprintf(name->section, size, "%s/%s", kind->section, rest);
	else
		length = snprintf(name->section, size, "%s/%.*s/%s", kind->section,
				  (int)(gap - rest), rest, gap + 2);
	return length < (int)size ? 0 : -ENAMETOOLONG;
}

static int no_kind(const char *function, char *why, size_t why_size)
{
	size_t length = (size_t)snprintf(
		why, why_size,
		"the name of the function %s says no hook; known beginnings:", function);

	for (size_t i = 0; i < KINDS && length < why_size; i++)
		length += (size_t)snprintf(why + length, why_size - length, "%s %s", i ? "," : "",
					   kinds[i].prefix);
	return -ENOENT;
}

int hook_name__read(const char *function, struct hook_name *name, char *why, size_t why_size)
{
	const struct kind *kind = find_kind(function);
	const char *rest, *gap;

	if (!kind)
		return no_kind(function, why, why_size);
	rest = function + strlen(kind->prefix);
	gap = strstr(rest, "__");
	if (!*rest) {
		snprintf(why, why_size, "the name of the function %s says no target behind %s",
			 function, kind->prefix);
		return -ENOENT;
	}
	if (kind->target == TARGET_PAIR && (!gap || gap == rest || !gap[2])) {
		snprintf(why, why_size,
			 "the name of the function %s is to say a category and an event: "
			 "%sCATEGORY__EVENT",
			 function, kind->prefix);
		return -ENOENT;
	}
	if (kind->targets && !lists(kind->targets, rest)) {
		snprintf(why, why_size, "the name of the function %s: behind %s can stand: %s",
			 function, kind->prefix, kind->targets);
		return -ENOENT;
	}
	name->has_old_reads = kind->has_old_reads;
	if (write_section(kind, rest, name) == 0)
		return 0;
	snprintf(why, why_size, "the name of the function %s is too long", function);
	return -ENAMETOOLONG;
}
