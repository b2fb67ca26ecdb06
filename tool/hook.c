// SPDX-License-Identifier: Apache-2.0
#include "hook.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "cgroup_root.h"

static int attach_by_section(const struct bpf_program *program, struct bpf_link **link)
{
	*link = bpf_program__attach(program);
	return *link ? 0 : -errno;
}

/* kprobes are perf events of their own type since 4.17; before, they were written into tracefs. */
int hook__has_kprobes(void)
{
	return access("/sys/bus/event_source/devices/kprobe/type", F_OK) == 0 ||
	       access("/sys/kernel/tracing/kprobe_events", F_OK) == 0 ||
	       access("/sys/kernel/debug/tracing/kprobe_events", F_OK) == 0;
}

static int attach_kprobe(const struct bpf_program *program, struct bpf_link **link)
{
	return hook__has_kprobes() ? attach_by_section(program, link) : -EOPNOTSUPP;
}

/* A bpf link holds it there, so that it goes when this process does. */
static int attach_to_root_cgroup(const struct bpf_program *program, struct bpf_link **link)
{
	int root = cgroup_root__open();
	int err = 0;

	if (root < 0)
		return root;
	*link = bpf_program__attach_cgroup(program, root);
	if (!*link)
		err = -errno;
	close(root);
	return err;
}

static const struct kind {
	const char *section; /* the beginning of its name */
	int rank;
	bool sees_connects;
	int (*attach)(const struct bpf_program *program, struct bpf_link **link);
} kinds[] = {
	{"kretprobe/", 0, true, attach_kprobe},
	{"kprobe/", 1, false, attach_kprobe},
	{"sockops", 1, true, attach_to_root_cgroup},
	{"cgroup_skb/", 1, false, attach_to_root_cgroup},
	{"", 1, false, attach_by_section},
};

static const struct kind *kind_of(const struct bpf_program *program)
{
	const char *section = bpf_program__section_name(program);
	const struct kind *kind = kinds;

	while (strncmp(section, kind->section, strlen(kind->section)) != 0)
		kind++; /* the last one fits all */
	return kind;
}

int hook__attach(const struct bpf_program *program, struct bpf_link **link)
{
	return kind_of(program)->attach(program, link);
}

int hook__rank(const struct bpf_program *program)
{
	return kind_of(program)->rank;
}

int hook__sees_connects(const struct bpf_program *program)
{
	return kind_of(program)->sees_connects;
}
