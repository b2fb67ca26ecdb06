// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * Whose a name is: in which network namespace, and which process's or parents'. A namespace is told
 * by its inode number, or by its cookie where lockdown keeps programs from reading the kernel, which
 * the tool says with NO_KERNEL_READS: one of the two, everywhere.
 */
#include <linux/sched.h>
#include <linux/nsproxy.h>
#include <linux/ns_common.h>
#include <net/net_namespace.h>

#ifndef NO_KERNEL_READS
static __always_inline u64 read_netns(struct net *net)
{
	u32 inum = 0;

	bpf_probe_read_kernel(&inum, sizeof(inum), &net->ns.inum);
	return inum;
}

static __always_inline u64 netns_of_sock(struct sock_common *sk)
{
	struct net *net = NULL;

	bpf_probe_read_kernel(&net, sizeof(net), &sk->skc_net);
	return read_netns(net);
}

static __always_inline u64 netns_of_task(void)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct nsproxy *nsproxy = NULL;
	struct net *net = NULL;

	bpf_probe_read_kernel(&nsproxy, sizeof(nsproxy), &task->nsproxy);
	bpf_probe_read_kernel(&net, sizeof(net), &nsproxy->net_ns);
	return read_netns(net);
}

/*
 * Of a context that has a socket, __sk_buff or bpf_sock_ops. The verifier lets nobody calculate with
 * its pointer to one; a number that a helper has copied is no pointer to it.
 */
#define netns_of_context(context)                                                                  \
	({                                                                                         \
		void *given_ = (context)->sk;                                                      \
		u64 copied_ = 0;                                                                   \
		bpf_probe_read_kernel(&copied_, sizeof(copied_), &given_);                         \
		netns_of_sock((struct sock_common *)copied_);                                      \
	})

/* Not bpf_get_current_pid_tgid(), which packets' programs may call from Linux 6.18 on. */
static __always_inline u32 current_tgid(void)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	u32 pid = 0;

	bpf_probe_read_kernel(&pid, sizeof(pid), &task->tgid);
	return pid;
}

/* The nearest first. */
static __always_inline void read_parents(u32 *parents)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task(), *parent = NULL;

#pragma unroll
	for (int i = 0; i < sizeof(names_parents) / sizeof(u32); i++) {
		bpf_probe_read_kernel(&parent, sizeof(parent), &task->real_parent);
		bpf_probe_read_kernel(&parents[i], sizeof(u32), &parent->tgid);
		task = parent;
	}
}
#else
#define netns_of_context(context)	bpf_get_netns_cookie(context)

static __always_inline u64 netns_of_task(void)
{
	return 0; /* no helper tells it */
}

static __always_inline u32 current_tgid(void)
{
	return bpf_get_current_pid_tgid() >> 32;
}
#endif
