// SPDX-License-Identifier: Apache-2.0
#include "hook.h"

#include <err.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "cgroup_root.h"
#include "libc_files.h"

/* Takes over a link, or the error that stands in errno when there is none. */
static int add(struct hook_links *links, struct bpf_link *link)
{
	int err = -errno;
	struct bpf_link **grown;

	if (!link)
		return err;
	grown = reallocarray(links->links, links->count + 1, sizeof(*grown));
	if (!grown) {
		bpf_link__destroy(link);
		return -ENOMEM;
	}
	links->links = grown;
	grown[links->count++] = link;
	return 0;
}

static int attach_by_section(const struct bpf_program *program, struct hook_links *links)
{
	return add(links, bpf_program__attach(program));
}

/* kprobes are perf events of their own type since 4.17; before, they were written into tracefs. */
int hook__has_kprobes(void)
{
	return access("/sys/bus/event_source/devices/kprobe/type", F_OK) == 0 ||
	       access("/sys/kernel/tracing/kprobe_events", F_OK) == 0 ||
	       access("/sys/kernel/debug/tracing/kprobe_events", F_OK) == 0;
}

/* With this, no program may read kernel memory (Documentation/bpf and kernel_lockdown(7)). */
static bool is_confidential(void)
{
	char line[128] = "";
	FILE *lockdown = fopen("/sys/kernel/security/lockdown", "re");

	if (!lockdown)
		return false;
	if (!fgets(line, sizeof(line), lockdown))
		line[0] = '\0';
	fclose(lockdown);
	return strstr(line, "[confidentiality]") != NULL;
}

int hook__may_kprobe(void)
{
	return hook__has_kprobes() && !is_confidential();
}

static int attach_kprobe(const struct bpf_program *program, struct hook_links *links)
{
	return hook__has_kprobes() ? attach_by_section(program, links) : -EOPNOTSUPP;
}

/* A function of the C library, in each of those that processes run with; one of them is enough. */
static int attach_to_libc(const struct bpf_program *program, struct hook_links *links)
{
	const char *section = bpf_program__section_name(program);
	LIBBPF_OPTS(bpf_uprobe_opts, opts, .func_name = strchr(section, '/') + 1,
		    .retprobe = strncmp(section, "uretprobe/", strlen("uretprobe/")) == 0);
	struct libc_files files;
	int err = -ENOENT;

	libc_files__find(&files);
	for (size_t i = 0; i < files.count; i++) {
		char path[64];
		int attached;

		snprintf(path, sizeof(path), "/proc/self/fd/%d", files.fds[i]);
		attached = add(links, bpf_program__attach_uprobe_opts(program, -1, path, 0, &opts));
		if (err)
			err = attached;
	}
	libc_files__close(&files);
	return err;
}

/*
 * A bpf link holds it there, so that it goes when this process does. In a cgroup namespace the root
 * is only that of a container: names can be had otherwise, connects with sockops cannot.
 */
static int attach_to_root_cgroup(const struct bpf_program *program, struct hook_links *links)
{
	bool whole;
	int root = cgroup_root__open(&whole);
	int err;

	if (root < 0)
		return root;
	if (!whole && hook__option(program) && hook__has_kprobes()) {
		close(root);
		return -EXDEV;
	}
	if (!whole && !hook__option(program))
		warnx("warning: only processes of this container are seen, since it has a cgroup "
		      "namespace of its own: run tcpconnect on the host, or, with docker, "
		      "--cgroupns=host");
	err = add(links, bpf_program__attach_cgroup(program, root));
	close(root);
	return err;
}

static const struct kind {
	const char *section; /* the beginning of its name */
	int rank;
	enum hook_option option, instead_of;
	int (*attach)(const struct bpf_program *program, struct hook_links *links);
} kinds[] = {
	{"kretprobe/", 0, 0, 0, attach_kprobe},
	{"kprobe/skb_consume_udp", HOOK_LAST_RANK, 0, HOOK_ROOT_CGROUP, attach_kprobe},
	{"kprobe/", 1, 0, 0, attach_kprobe},
	{"sockops", 1, 0, 0, attach_to_root_cgroup},
	{"uretprobe/", 0, HOOK_LIBC, 0, attach_to_libc},
	{"uprobe/", 1, HOOK_LIBC, 0, attach_to_libc},
	{"cgroup_skb/", 1, HOOK_ROOT_CGROUP, 0, attach_to_root_cgroup},
	{"cgroup/", 1, HOOK_ROOT_CGROUP, 0, attach_to_root_cgroup},
	{"", 1, 0, 0, attach_by_section},
};

static const struct kind *kind_of(const struct bpf_program *program)
{
	const char *section = bpf_program__section_name(program);
	const struct kind *kind = kinds;

	while (strncmp(section, kind->section, strlen(kind->section)) != 0)
		kind++; /* the last one fits all */
	return kind;
}

int hook__attach(const struct bpf_program *program, struct hook_links *links)
{
	return kind_of(program)->attach(program, links);
}

/* struct bpf_link_info of Linux 6.7, as far as it is read: the system's header may be older. */
struct link_info {
	uint32_t type;
	uint32_t id;
	uint32_t prog_id;
	uint32_t padding;
	uint32_t kind; /* enum bpf_perf_event_type */
	uint32_t unused;
	uint64_t function;
	uint32_t function_length;
	uint32_t offset;
	uint64_t address;
	uint64_t missed;
};

_Static_assert(offsetof(struct link_info, missed) == 48, "as in the kernel's uapi/linux/bpf.h");

#define PERF_EVENT_KIND_KPROBE 3 /* BPF_PERF_EVENT_KPROBE */

uint64_t hook__missed(const struct hook_links *links)
{
	uint64_t missed = 0;

	for (size_t i = 0; i < links->count; i++) {
		struct link_info info = {0};
		__u32 size = sizeof(info);
		int fd = bpf_link__fd(links->links[i]);

		if (bpf_obj_get_info_by_fd(fd, &info, &size) == 0 &&
		    info.type == BPF_LINK_TYPE_PERF_EVENT && info.kind == PERF_EVENT_KIND_KPROBE)
			missed += info.missed;
	}
	return missed;
}

void hook__detach(struct hook_links *links)
{
	while (links->count)
		bpf_link__destroy(links->links[--links->count]);
	free(links->links);
	links->links = NULL;
}

int hook__rank(const struct bpf_program *program)
{
	return kind_of(program)->rank;
}

enum hook_option hook__option(const struct bpf_program *program)
{
	return kind_of(program)->option;
}

enum hook_option hook__instead_of(const struct bpf_program *program)
{
	return kind_of(program)->instead_of;
}

const char *hook__lack(const struct bpf_program *program)
{
	int (*attach)(const struct bpf_program *, struct hook_links *) = kind_of(program)->attach;

	if (attach == attach_kprobe)
		return "this kernel has no kprobes (CONFIG_KPROBES); try --attach sockops";
	if (attach != attach_to_root_cgroup)
		return "this kernel was built without what it hooks";
	if (hook__has_kprobes())
		return "no cgroup v2 is within reach (CONFIG_CGROUP_BPF; mount -t cgroup2 none "
		       "DIR); try --attach kprobe";
	return "this kernel has no kprobes (CONFIG_KPROBES), and no cgroup v2 is within reach "
	       "(CONFIG_CGROUP_BPF; mount -t cgroup2 none DIR)";
}

const char *hook__without_helper(const struct bpf_program *program)
{
	int (*attach)(const struct bpf_program *, struct hook_links *) = kind_of(program)->attach;

	if (is_confidential())
		return "lockdown=confidentiality keeps kprobes from reading the kernel, and sockops "
		       "tells who connects from Linux 6.18 on: boot with lockdown=integrity, or a "
		       "newer kernel";
	if (attach == attach_to_root_cgroup)
		return "sockops tells who connects from Linux 6.18 on: use --attach kprobe, or a "
		       "newer kernel";
	return NULL;
}

const char *hook__option_name(enum hook_option option)
{
	static const char *const names[HOOK_OPTIONS] = {
		[HOOK_ROOT_CGROUP] = "the root cgroup",
		[HOOK_LIBC] = "the C library",
	};

	return names[option];
}
