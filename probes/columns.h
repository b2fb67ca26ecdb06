// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * Columns about the process that connects, read from the kernel at the connect itself: nothing is
 * looked up later, when the process may be gone.
 */
#include <linux/sched.h>
#include <linux/nsproxy.h>
#include <linux/utsname.h>
#include <linux/ns_common.h>
#include <linux/mm_types.h>
#include <linux/fs.h>
#include <linux/fs_struct.h>
#include <linux/mount.h>
#include <linux/dcache.h>
#include <net/net_namespace.h>

#ifdef COLUMN_EXE
#define PATH_PARTS_MAX	20	/* names and mounts passed on the way up */
#define PATH_PART_SIZE	64	/* bytes of a name that are kept, with the zero */

/* fs/mount.h keeps struct mount to itself; this is its head since Linux 3.3. */
struct mount_head {
	struct hlist_node mnt_hash;
	struct mount_head *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
};

/* From the file up to the process's root, through the mounts that it lies in. */
static __always_inline void read_exe(struct task_struct *task, char *exe)
{
	struct dentry *dentry = NULL, *root = NULL, *parent = NULL, *top = NULL;
	struct vfsmount *mount = NULL, *root_mount = NULL;
	struct fs_struct *fs = NULL;
	struct mm_struct *mm = NULL;
	struct file *file = NULL;
	u32 used = 0;

	bpf_probe_read_kernel(&mm, sizeof(mm), &task->mm);
	bpf_probe_read_kernel(&file, sizeof(file), &mm->exe_file);
	bpf_probe_read_kernel(&dentry, sizeof(dentry), &file->f_path.dentry);
	bpf_probe_read_kernel(&mount, sizeof(mount), &file->f_path.mnt);
	bpf_probe_read_kernel(&fs, sizeof(fs), &task->fs);
	bpf_probe_read_kernel(&root, sizeof(root), &fs->root.dentry);
	bpf_probe_read_kernel(&root_mount, sizeof(root_mount), &fs->root.mnt);
	for (int i = 0; i < PATH_PARTS_MAX && dentry; i++) {
		const unsigned char *name = NULL;
		long size;

		if (dentry == root && mount == root_mount)
			break;
		bpf_probe_read_kernel(&top, sizeof(top), &mount->mnt_root);
		if (dentry == top) { /* of a file system: on to where it is mounted */
			struct mount_head *head = container_of(mount, struct mount_head, mnt);
			struct mount_head *above = NULL;

			bpf_probe_read_kernel(&above, sizeof(above), &head->mnt_parent);
			if (above == head || !above)
				break;
			bpf_probe_read_kernel(&dentry, sizeof(dentry), &head->mnt_mountpoint);
			mount = &above->mnt;
			continue;
		}
		if (used > sizeof(path_parts) - PATH_PART_SIZE)
			break;
		bpf_probe_read_kernel(&name, sizeof(name), &dentry->d_name.name);
		size = bpf_probe_read_kernel_str(exe + used, PATH_PART_SIZE, name);
		if (size <= 0 || size > PATH_PART_SIZE)
			break;
		used += size;
		bpf_probe_read_kernel(&parent, sizeof(parent), &dentry->d_parent);
		if (parent == dentry)
			break;
		dentry = parent;
	}
}
#endif

#ifdef COLUMN_ARGS
/* The beginning of what the process has as its command line, if it lies in memory just now. */
static __always_inline void read_args(struct task_struct *task, char *args)
{
	struct mm_struct *mm = NULL;
	unsigned long start = 0, end = 0;
	u64 size;

	bpf_probe_read_kernel(&mm, sizeof(mm), &task->mm);
	bpf_probe_read_kernel(&start, sizeof(start), &mm->arg_start);
	bpf_probe_read_kernel(&end, sizeof(end), &mm->arg_end);
	size = end - start;
	asm volatile("" : "+r"(size)); /* or clang compares another copy than the verifier sees */
	if (size > sizeof(argument_list) - 1)
		size = sizeof(argument_list) - 1;
	bpf_probe_read_user(args, size, (void *)start);
}
#endif

static __always_inline void read_columns(struct event *event)
{
#if defined(COLUMN_PPID) || defined(COLUMN_PROCESS) || defined(COLUMN_HOST) ||                     \
	defined(COLUMN_NETNS) || defined(COLUMN_EXE) || defined(COLUMN_ARGS) ||                    \
	defined(PID_NAMESPACE)
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
#endif
#if defined(COLUMN_HOST) || defined(COLUMN_NETNS)
	struct nsproxy *nsproxy = NULL;

	bpf_probe_read_kernel(&nsproxy, sizeof(nsproxy), &task->nsproxy);
#endif
#ifdef COLUMN_PPID
	struct task_struct *parent = NULL;

	bpf_probe_read_kernel(&parent, sizeof(parent), &task->real_parent);
	bpf_probe_read_kernel(&event->ppid, sizeof(event->ppid), &parent->tgid);
#ifdef PID_NAMESPACE
	event->ns_ppid = process_number_here(parent);
#endif
#endif
#ifdef PID_NAMESPACE
	event->ns_pid = process_number_here(task);
	event->ns_tid = number_here(task);
#endif
#ifdef COLUMN_PROCESS
	struct task_struct *leader = NULL;

	bpf_probe_read_kernel(&leader, sizeof(leader), &task->group_leader);
	bpf_probe_read_kernel(event->process, sizeof(event->process), &leader->comm);
#endif
#ifdef COLUMN_HOST
	struct uts_namespace *uts = NULL;

	bpf_probe_read_kernel(&uts, sizeof(uts), &nsproxy->uts_ns);
	bpf_probe_read_kernel_str(event->host, sizeof(event->host), &uts->name.nodename);
#endif
#ifdef COLUMN_NETNS
	struct net *net = NULL;

	bpf_probe_read_kernel(&net, sizeof(net), &nsproxy->net_ns);
	bpf_probe_read_kernel(&event->netns, sizeof(event->netns), &net->ns.inum);
#endif
#ifdef COLUMN_MNTNS
	event->mntns = current_mntns();
#endif
#ifdef WITH_CGROUP
	event->cgroup = bpf_get_current_cgroup_id();
#endif
#if defined(WITH_NAMES) && !defined(NO_KERNEL_READS)
	read_parents(event->asker_parents);
#endif
#ifdef COLUMN_EXE
	read_exe(task, event->exe);
#endif
#ifdef COLUMN_ARGS
	read_args(task, event->args);
#endif
}
