// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * The user's filters. A filter that was not given is not defined, and costs nothing. The macros that
 * take a value are written by the tool, say: #define TRACE_PORT(port) ((port) == 80 || (port) == 443)
 */

/*
 * A list that is too long to be written out is a map that the tool fills; the define says how many
 * entries it has.
 */
#ifdef TRACE_PID_MAP
BPF_HASH(trace_pids, u32, u8, TRACE_PID_MAP);
#endif
#ifdef TRACE_PORT_MAP
BPF_HASH(trace_ports, u32, u8, TRACE_PORT_MAP);
#endif
#ifdef TRACE_UID_MAP
BPF_HASH(trace_uids, u32, u8, TRACE_UID_MAP);
#endif

#ifdef CGROUP_MAP
/* A map that others made, pinned and fill takes this one's place when the program is loaded. */
BPF_HASH(cgroup_map, u64, u64);
#endif

#if defined(MNTNS_MAP) || defined(COLUMN_MNTNS) || defined(FOLLOW_PROCESSES)
#include <linux/sched.h>
#include <linux/nsproxy.h>
#include <linux/ns_common.h>
#include <linux/version.h>

/* fs/mount.h keeps struct mnt_namespace to itself: where types come from headers, this is its head. */
struct mnt_namespace_head {
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 11, 0)
	atomic_t count; /* moved into ns_common in 5.11 */
#endif
	struct ns_common ns;
};

#ifdef TYPES_FROM_BTF
typedef struct mnt_namespace known_mnt_namespace;
#else
typedef struct mnt_namespace_head known_mnt_namespace;
#endif

static __always_inline u64 current_mntns(void)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct nsproxy *nsproxy = NULL;
	known_mnt_namespace *mntns = NULL;
	u32 inum = 0;

	bpf_probe_read_kernel(&nsproxy, sizeof(nsproxy), &task->nsproxy);
	bpf_probe_read_kernel(&mntns, sizeof(mntns), &nsproxy->mnt_ns);
	bpf_probe_read_kernel(&inum, sizeof(inum), &mntns->ns.inum);
	return inum;
}
#endif

#ifdef MNTNS_MAP
BPF_HASH(mntns_map, u64, u32);
#endif

#ifdef PID_NAMESPACE
#include <linux/sched.h>
#include <linux/ns_common.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>

#define PID_LEVELS 33	/* the initial namespace, and MAX_PID_NS_LEVEL below it */

/* The inode number of the PID namespace whose numbers the user sees: the tool's. It fills it in. */
BPF_ARRAY(pid_namespace, u32, 1);

/*
 * The number that a thread has there; 0: none, since it is outside. A thread has one in its own
 * namespace and in each above it. bpf_get_ns_current_pid_tgid() would know only threads of that very
 * namespace, only the current one, and before Linux 6.10 not for sockops.
 */
static __always_inline u32 number_here(struct task_struct *thread)
{
	struct pid *pid = NULL;
	u32 level = 0, inum = 0, *here;
	int zero = 0;

	here = pid_namespace.lookup(&zero);
	if (!here)
		return 0;
	bpf_probe_read_kernel(&pid, sizeof(pid), &thread->thread_pid);
	bpf_probe_read_kernel(&level, sizeof(level), &pid->level);
	for (u32 up = 0; up < PID_LEVELS && up <= level; up++) {
		u64 place = offsetof(struct pid, numbers) + sizeof(struct upid) * (level - up);
		struct pid_namespace *ns;
		struct upid number = {};

		bpf_probe_read_kernel(&number, sizeof(number), (char *)pid + place);
		ns = number.ns;
		bpf_probe_read_kernel(&inum, sizeof(inum), &ns->ns.inum);
		if (inum == *here)
			return number.nr;
	}
	return 0;
}

/* The same for the process (thread group) of a thread. */
static __always_inline u32 process_number_here(struct task_struct *thread)
{
	struct task_struct *leader = NULL;

	bpf_probe_read_kernel(&leader, sizeof(leader), &thread->group_leader);
	return number_here(leader);
}
#endif

/* The process's number, as the user counts. */
static __always_inline u32 current_process(void)
{
#ifdef PID_NAMESPACE
	return process_number_here((struct task_struct *)bpf_get_current_task());
#else
	return bpf_get_current_pid_tgid() >> 32;
#endif
}

/* Does the current task pass the filters? */
static __always_inline int task_passes(void)
{
#ifdef CGROUP_MAP
	u64 cgroup = bpf_get_current_cgroup_id();

	if (!cgroup_map.lookup(&cgroup))
		return 0;
#endif
#ifdef MNTNS_MAP
	u64 mntns = current_mntns();

	if (!mntns_map.lookup(&mntns))
		return 0;
#endif
#if defined(TRACE_PID) || defined(TRACE_PID_MAP)
	u32 pid = current_process();
#ifdef TRACE_PID_MAP
	if (!trace_pids.lookup(&pid))
		return 0;
#else
	if (!TRACE_PID(pid))
		return 0;
#endif
#endif
#if defined(TRACE_UID) || defined(TRACE_UID_MAP)
	u32 uid = bpf_get_current_uid_gid();
#ifdef TRACE_UID_MAP
	if (!trace_uids.lookup(&uid))
		return 0;
#else
	if (!TRACE_UID(uid))
		return 0;
#endif
#endif
	return 1;
}

/* Does a destination port, in host order, pass the filter? */
static __always_inline int port_passes(u16 dport)
{
#ifdef TRACE_PORT_MAP
	u32 port = dport;

	return trace_ports.lookup(&port) != NULL;
#elif defined(TRACE_PORT)
	return TRACE_PORT(dport);
#else
	return 1;
#endif
}
