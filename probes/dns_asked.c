// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * Who asks port 53, though a program on a cgroup leads it elsewhere. Before Linux 6.17 the programs
 * of dns_asker.c, on the root, run after such a program and see where it leads; all of them are run
 * by __cgroup_bpf_run_filter_sock_addr() (kernel/bpf/cgroup.c), which is called with the address that
 * the process gave, for connects and for datagrams of sockets that are not connected.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 17, 0)
#define DNS_ASKING 1024

BPF_TABLE("lru_hash", u32, u64, dns_asking, DNS_ASKING); /* by the thread: the socket */

int asked_kprobe____cgroup_bpf_run_filter_sock_addr(struct pt_regs *ctx, struct sock *sk,
						    struct sockaddr_in *given)
{
	u32 tid = bpf_get_current_pid_tgid();
	u64 asking = (u64)sk;
	u16 port = 0;

	bpf_probe_read_kernel(&port, sizeof(port), &given->sin_port); /* of IPv6 too */
	if (port == htons(DNS_PORT))
		dns_asking.update(&tid, &asking);
	return 0;
}

/* Takes the thread's note away, and tells whether it was of this socket. */
static __always_inline int dns_was_asked(u64 sk)
{
	u32 tid = bpf_get_current_pid_tgid();
	u64 *asking = dns_asking.lookup(&tid);
	int same = asking && *asking == sk;

	if (asking)
		dns_asking.delete(&tid);
	return same;
}
#endif
