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

static const struct kind {
	const char *prefix;
	const char *section;
	enum target target;
} kinds[] = {
	{"kprobe__", "kprobe", TARGET_SYMBOL},
	{"kretprobe__", "kretprobe", TARGET_SYMBOL},
	/* a kprobe that is attached only where the root cgroup can't be hooked */
	{"spare_kprobe__", "kprobe", TARGET_SYMBOL},
	{"uprobe__", "uprobe", TARGET_SYMBOL},
	{"uretprobe__", "uretprobe", TARGET_SYMBOL},
	{"tracepoint__", "tracepoint", TARGET_PAIR},
	{"raw_tracepoint__", "raw_tracepoint", TARGET_SYMBOL},
	{"kfunc__", "fentry", TARGET_SYMBOL},
	{"kretfunc__", "fexit", TARGET_SYMBOL},
	{"sockops__", "sockops", TARGET_NONE},
	{"cgroup_skb__", "cgroup_skb", TARGET_SYMBOL},
	{"cgroup__", "cgroup", TARGET_SYMBOL},
};

static int write_section(const struct kind *kind, const char *rest, char *section, size_t size)
{
	const char *gap = kind->target == TARGET_PAIR ? strstr(rest, "__") : NULL;
	int length;

	if (!*rest || (kind->target == TARGET_PAIR && (!gap || gap == rest || !gap[2])))
		return -ENOENT;
	if (kind->target == TARGET_NONE)
		length = snprintf(section, size, "%s", kind->section);
	else if (kind->target == TARGET_SYMBOL)
		length = snprintf(section, size, "%s/%s", kind->section, rest);
	else
		length = snprintf(section, size, "%s/%.*s/%s", kind->section, (int)(gap - rest),
				  rest, gap + 2);
	return length < (int)size ? 0 : -ENAMETOOLONG;
}

int hook_name__section(const char *function, char *section, size_t size)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		size_t length = strlen(kinds[i].prefix);

		if (strncmp(function, kinds[i].prefix, length) == 0)
			return write_section(&kinds[i], function + length, section, size);
	}
	return -ENOENT;
}

const char *hook_name__prefixes(void)
{
	return "kprobe__, kretprobe__, spare_kprobe__, uprobe__, uretprobe__, tracepoint__, raw_tracepoint__, "
	       "kfunc__, kretfunc__, sockops__, cgroup_skb__, cgroup__";
}
