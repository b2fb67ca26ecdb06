// SPDX-License-Identifier: Apache-2.0
#include "hook.h"

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "cgroup_holder.h"
#include "cgroup_root.h"
#include "kallsyms.h"
#include "returns.h"

static int attach_by_section(const struct bpf_program *program, struct hook_links *links)
{
	return hook_links__add(links, program, bpf_program__attach(program));
}

/* The kernel's own error number for what it cannot do (include/linux/errno.h). */
#define KERNEL_ENOTSUPP 524

static int attach_trampoline(const struct bpf_program *program, struct hook_links *links)
{
	int err = attach_by_section(program, links);

	return err == -KERNEL_ENOTSUPP || err == -EBUSY || err == -EINVAL ? -EOPNOTSUPP : err;
}

/* kprobes are perf events of their own type since 4.17; before, they were written into tracefs. */
bool hook__has_kprobes(void)
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

bool hook__may_read_kernel(void)
{
	return !is_confidential();
}

bool hook__may_kprobe(void)
{
	return hook__has_kprobes() && !is_confidential();
}

static bool is_return(const struct bpf_program *program)
{
	return strncmp(bpf_program__section_name(program), "kretprobe/", 10) == 0;
}

/* By a perf event; a return with more instances where the kernel's own are few and that can be had. */
static int attach_to_function(const struct bpf_program *program, struct hook_links *links,
			      const char *function)
{
	LIBBPF_OPTS(bpf_kprobe_opts, opts, .retprobe = is_return(program));
	struct bpf_link *link;

	if (is_return(program) && returns__are_few() &&
	    returns__attach(&links->returns, program, function, &link) == 0)
		return hook_links__add(links, program, link);
	return hook_links__add(links, program,
			       bpf_program__attach_kprobe_opts(program, function, &opts));
}

static int attach_kprobe(const struct bpf_program *program, struct hook_links *links)
{
	const char *function = strchr(bpf_program__section_name(program), '/') + 1;
	char renamed[KALLSYMS_NAME_SIZE];
	int err = -EOPNOTSUPP;

	if (hook__has_kprobes())
		err = attach_to_function(program, links, function);
	if (err == -ENOENT && kallsyms__find_renamed(function, renamed) == 0)
		err = attach_to_function(program, links, renamed);
	return err;
}

/* A function of the C library: libc_hooks attaches its programs, in each file that comes. */
static int attach_to_libc(const struct bpf_program *program, struct hook_links *links)
{
	(void)program;
	(void)links;
	return 0;
}

/* Where another's program tolerates none beside it, the kernel says no more than EPERM. */
static int who_is_in_the_way(int err, int cgroup, const struct bpf_program *program,
			     struct hook_links *links)
{
	enum bpf_attach_type type = bpf_program__expected_attach_type(program);

	if (err == -EPERM &&
	    cgroup_holder__describe(cgroup, type, links->in_the_way, sizeof(links->in_the_way)))
		return -EBUSY;
	return err;
}

/* enum bpf_attach_flags of Linux 6.17: the system's header may be older. */
#define LINK_BEFORE   (1U << 3) /* BPF_F_BEFORE: the first of those on a cgroup */
#define LINK_PREORDER (1U << 6) /* BPF_F_PREORDER: before those on cgroups below */

/*
 * Before all others, those on cgroups below too, so that it sees what they have not rewritten yet:
 * -EOPNOTSUPP where the kernel knows no such flags.
 */
static int add_first(struct hook_links *links, const struct bpf_program *program, int cgroup)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = LINK_BEFORE | LINK_PREORDER);
	int err = hook_links__add_fd(links, program,
				     bpf_link_create(bpf_program__fd(program), cgroup,
						     bpf_program__expected_attach_type(program),
						     &opts));

	return err == -EINVAL ? -EOPNOTSUPP : err;
}

/* Programs that see addresses, first where the kernel can do that. */
static int add_to_cgroup(struct hook_links *links, const struct bpf_program *program, int cgroup)
{
	int err = -EOPNOTSUPP;

	if (bpf_program__type(program) == BPF_PROG_TYPE_CGROUP_SOCK_ADDR)
		err = add_first(links, program, cgroup);
	if (err != -EOPNOTSUPP)
		return err;
	return hook_links__add(links, program, bpf_program__attach_cgroup(program, cgroup));
}

/*
 * A bpf link holds it there, so that it goes when this process does. In a cgroup namespace the root
 * is only that of a container: names can be had otherwise, connects with sockops cannot.
 */
static int attach_to_root_cgroup(const struct bpf_program *program, struct hook_links *links)
{
	bool names_only = hook__kind(program)->role == HOOK_OPTIONAL;
	bool whole;
	int root = cgroup_root__open(&whole);
	int err;

	if (root < 0)
		return root;
	if (!whole && names_only && hook__has_kprobes()) {
		close(root);
		return -EXDEV;
	}
	if (!whole && !names_only)
		warnx("warning: only processes of this container are seen, since it has a cgroup "
		      "namespace of its own: run tcpconnect on the host, or, with docker, "
		      "--cgroupns=host");
	err = add_to_cgroup(links, program, root);
	err = who_is_in_the_way(err, root, program, links);
	close(root);
	return err;
}

/* Worth nothing behind those that rewrite. */
static int attach_first_to_root_cgroup(const struct bpf_program *program, struct hook_links *links)
{
	bool whole;
	int root = cgroup_root__open(&whole);
	int err;

	if (root < 0)
		return root;
	err = add_first(links, program, root);
	err = who_is_in_the_way(err, root, program, links);
	close(root);
	return err;
}

/*
 * Without IPv6 there is no such function, as there is no tcp_v6_connect(), which is said; and
 * without programs on cgroups nothing is rewritten.
 */
static int attach_pre_connect(const struct bpf_program *program, struct hook_links *links)
{
	int err = attach_kprobe(program, links);

	if (err == -ENOENT && strstr(bpf_program__name(program), "tcp_v6") &&
	    access("/proc/sys/net/ipv6", F_OK) != 0)
		return 0;
	if (err == -ENOENT && strstr(bpf_program__name(program), "cgroup_bpf"))
		return 0;
	return err;
}

static const char *missing_kprobes(void)
{
	return "this kernel has no kprobes (CONFIG_KPROBES); try --attach sockops";
}

int hook__need_kprobes(void)
{
	if (hook__has_kprobes())
		return 0;
	warnx("%s", missing_kprobes());
	return -EOPNOTSUPP;
}

static const char *missing_cgroup(void)
{
	if (hook__has_kprobes())
		return "no cgroup v2 is within reach (CONFIG_CGROUP_BPF; mount -t cgroup2 none "
		       "DIR); try --attach kprobe";
	return "this kernel has no kprobes (CONFIG_KPROBES), and no cgroup v2 is within reach "
	       "(CONFIG_CGROUP_BPF; mount -t cgroup2 none DIR)";
}

static const char *missing_order(void)
{
	return "this kernel cannot put a program before others (Linux 6.17)";
}

static const char *missing_trampolines(void)
{
	return "this kernel has no BPF trampolines for it (CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS; "
	       "lockdown can forbid them): use kprobe__ and kretprobe__ in place of kfunc__ and "
	       "kretfunc__";
}

static const char *missing_uretprobes(void)
{
	return "this kernel's uretprobes kill programs whose seccomp filter does not know them, as "
	       "x86-64 kernels from 6.11 on did before they were mended: use a newer kernel";
}

static const char *missing_anything(void)
{
	return "this kernel was built without what it hooks";
}

static const char *refused_kprobe(const char *log)
{
	if (!is_confidential() || !strstr(log, "bpf_probe_read"))
		return NULL;
	return "lockdown=confidentiality keeps kprobes from reading the kernel, and sockops tells "
	       "who connects from Linux 6.18 on: boot with lockdown=integrity, or a newer kernel";
}

/* Where one of these is unknown, sockops cannot tell who connects; a newer kernel knows them all. */
static bool lacks_who(const char *log)
{
	static const char *const helpers[] = {"bpf_get_current_pid_tgid", "bpf_get_current_uid_gid",
					      "bpf_get_current_comm"};
	/* the words of the verifier, before and since Linux 6.13 */
	static const char *const words[] = {"unknown func ", "cannot use helper "};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		const char *refused = strstr(log, words[i]);

		for (size_t j = 0; refused && j < sizeof(helpers) / sizeof(helpers[0]); j++)
			if (!strncmp(refused + strlen(words[i]), helpers[j], strlen(helpers[j])))
				return true;
	}
	return false;
}

static const char *refused_other(const char *log)
{
	if (!is_confidential() || !strstr(log, "bpf_probe_read"))
		return NULL;
	return "lockdown=confidentiality keeps it from reading the kernel: do without -r and "
	       "the columns ppid, process, exe, args, host, netns and mntns, and run it outside "
	       "of PID namespaces, or boot with lockdown=integrity";
}

static const char *refused_sockops(const char *log)
{
	if (!lacks_who(log))
		return refused_other(log);
	if (is_confidential())
		return refused_kprobe("bpf_probe_read");
	return "sockops tells who connects from Linux 6.18 on: use --attach kprobe, or a newer "
	       "kernel";
}

static const char *refused_for_no_known_reason(const char *log)
{
	(void)log;
	return NULL;
}

static const struct hook_way kprobes = {
	attach_kprobe, missing_kprobes, refused_kprobe,
	"root, or CAP_BPF and CAP_PERFMON with kernel.perf_event_paranoid at most 2"};
static const struct hook_way root_cgroup = {attach_to_root_cgroup, missing_cgroup, refused_sockops,
					    "root, or CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN"};
static const struct hook_way first_in_root_cgroup = {
	attach_first_to_root_cgroup, missing_order, refused_other,
	"root, or CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN"};
static const struct hook_way pre_connect = {
	attach_pre_connect, missing_kprobes, refused_kprobe,
	"root, or CAP_BPF and CAP_PERFMON with kernel.perf_event_paranoid at most 2"};
static const struct hook_way libc = {
	attach_to_libc, missing_uretprobes, refused_for_no_known_reason,
	"root, or CAP_PERFMON, CAP_SYS_ADMIN where the kernel wants that, and CAP_SYS_PTRACE to see "
	"other users' processes"};
static const struct hook_way trampolines = {attach_trampoline, missing_trampolines,
					    refused_for_no_known_reason,
					    "root, or CAP_BPF and CAP_PERFMON"};
static const struct hook_way others = {attach_by_section, missing_anything, refused_other,
				       "root, or CAP_BPF and CAP_PERFMON"};

static const struct hook_kind kinds[] = {
	{"kretprobe__", HOOK_NEEDED, HOOK_NO_GROUP, 0, &kprobes},
	{"kprobe__", HOOK_NEEDED, HOOK_NO_GROUP, 1, &kprobes},
	{"spare_kprobe__", HOOK_IN_PLACE_OF, HOOK_ROOT_CGROUP, 2, &kprobes},
	{"asked_kprobe__", HOOK_OPTIONAL, HOOK_ASKED, 0, &pre_connect},
	{"asked_cgroup__", HOOK_OPTIONAL, HOOK_ASKED, 0, &first_in_root_cgroup},
	{"sockops__", HOOK_NEEDED, HOOK_NO_GROUP, 1, &root_cgroup},
	{"cgroup_skb__", HOOK_OPTIONAL, HOOK_ROOT_CGROUP, 1, &root_cgroup},
	{"cgroup__", HOOK_OPTIONAL, HOOK_ROOT_CGROUP, 1, &root_cgroup},
	{"uretprobe__", HOOK_OPTIONAL, HOOK_LIBC, 0, &libc},
	{"uprobe__", HOOK_OPTIONAL, HOOK_LIBC, 1, &libc},
	{"kretfunc__", HOOK_NEEDED, HOOK_NO_GROUP, 0, &trampolines},
	{"kfunc__", HOOK_NEEDED, HOOK_NO_GROUP, 1, &trampolines},
	/* before it is looked with what runs already */
	{"raw_tracepoint__sched_process_", HOOK_OPTIONAL, HOOK_PROCESSES, 0, &others},
	/* ends what a kprobe began: there before it, and after it */
	{"raw_tracepoint__", HOOK_NEEDED, HOOK_NO_GROUP, 0, &others},
	/* tracepoint__ */
	{"", HOOK_NEEDED, HOOK_NO_GROUP, 1, &others},
};

const struct hook_kind *hook__kind(const struct bpf_program *program)
{
	const char *name = bpf_program__name(program);
	const struct hook_kind *kind = kinds;

	while (strncmp(name, kind->prefix, strlen(kind->prefix)) != 0)
		kind++; /* the last one fits all */
	return kind;
}

const char *hook__group_name(enum hook_group group)
{
	static const char *const names[HOOK_GROUPS] = {
		[HOOK_ROOT_CGROUP] = "the root cgroup",
		[HOOK_LIBC] = "the C library",
		[HOOK_ASKED] = "what is called before a connect",
		[HOOK_PROCESSES] = "the start of processes",
	};

	return names[group];
}

const char *hook__group_loss(enum hook_group group)
{
	if (group == HOOK_ASKED)
		return "addresses that a cgroup program rewrites are known as they go out";
	return "names may be missing";
}

static bool is_of_cgroup(const struct hook_kind *kind)
{
	return kind->way == &root_cgroup || kind->way == &first_in_root_cgroup;
}

const char *hook__cure(const struct hook_kind *kind, int err, const struct hook_links *links)
{
	switch (err) {
	case -EOPNOTSUPP:
		return kind->way->missing();
	case -EPERM:
	case -EACCES:
		return kind->way->needs;
	case -EBUSY:
		return links && is_of_cgroup(kind) ? links->in_the_way : NULL;
	case -ENOENT:
		return kind->group == HOOK_ASKED ? "this kernel has no tcp_v4_pre_connect() or "
						   "tcp_v6_pre_connect()"
						 : NULL;
	case -E2BIG: /* kernel/bpf/cgroup.c */
		return "64 programs are attached to the root cgroup already, the most that the "
		       "kernel takes: end other tracers (bpftool cgroup tree lists them)";
	case -EXDEV:
		return "this container has a cgroup namespace of its own";
	default:
		return NULL;
	}
}
