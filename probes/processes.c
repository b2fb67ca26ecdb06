// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * Programs that are executed while tracing: the tool looks with which C library they run. What was
 * told lately is dropped here, so that only news reaches the tool. A process that is merely forked
 * runs with its parent's library, which is hooked for all who have mapped it.
 */
#include <linux/binfmts.h>
#include <linux/fs.h>
#include <linux/fs_struct.h>

#define PROCESS_AGAIN_NS 10000000000ULL	/* a library can be replaced: tell it again after this */

BPF_TABLE("lru_hash", struct process_key, u64, processes_seen, 1024); /* when it was told */
BPF_RINGBUF_OUTPUT(process_starts, 16);

static __always_inline void read_process_key(struct process_key *key, struct linux_binprm *bprm)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct super_block *filesystem = NULL;
	struct fs_struct *directories = NULL;
	struct dentry *root = NULL;
	struct inode *inode = NULL;
	struct file *file = NULL;
	unsigned long number = 0;

	bpf_probe_read_kernel(&directories, sizeof(directories), &task->fs);
	bpf_probe_read_kernel(&root, sizeof(root), &directories->root.dentry);
	bpf_probe_read_kernel(&file, sizeof(file), &bprm->file);
	bpf_probe_read_kernel(&inode, sizeof(inode), &file->f_inode);
	bpf_probe_read_kernel(&number, sizeof(number), &inode->i_ino);
	bpf_probe_read_kernel(&filesystem, sizeof(filesystem), &inode->i_sb);
	bpf_probe_read_kernel(&key->exe_device, sizeof(key->exe_device), &filesystem->s_dev);
	key->root = (u64)root;
	key->exe_inode = number;
	key->mntns = current_mntns();
}

/* (task, its former id, what it executes): include/trace/events/sched.h */
int raw_tracepoint__sched_process_exec(struct bpf_raw_tracepoint_args *ctx)
{
	u64 now = bpf_ktime_get_ns(), *told;
	struct process_start start = {};

	read_process_key(&start.key, (struct linux_binprm *)ctx->args[2]);
	told = processes_seen.lookup(&start.key);
	if (told && now - *told < PROCESS_AGAIN_NS)
		return 0;
	start.pid = bpf_get_current_pid_tgid() >> 32;
	if (process_starts.ringbuf_output(&start, sizeof(start), 0))
		count_loss(LOSS_PROCESS_START);
	else
		processes_seen.update(&start.key, &now);
	return 0;
}
