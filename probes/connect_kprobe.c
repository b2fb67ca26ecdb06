// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * Connects, where the kernel has kprobes. The socket is known when tcp_v4_connect() or
 * tcp_v6_connect() is entered, and its addresses and ports are set when it returns 0: the SYN has
 * gone out. A connect to an IPv4-mapped address passes through both, the one inside the other
 * (net/ipv6/tcp_ipv6.c); the inner return reports it, and the outer finds nothing left.
 */
BPF_HASH(connecting, u32, struct sock *);

static __always_inline int connect_entry(struct sock *sk)
{
	u32 tid = bpf_get_current_pid_tgid();
	struct sock **earlier;

	if (!task_passes()) {
		connecting.delete(&tid); /* of a return that was missed, when the task still passed */
		return 0;
	}
	if (connecting.insert(&tid, &sk) == 0)
		return 0;
	earlier = connecting.lookup(&tid);
	if (earlier && *earlier == sk) /* IPv4-mapped: the outer function's entry */
		return 0;
	if (connecting.update(&tid, &sk) == 0)
		count_loss(LOSS_RETURN_MISSED);
	else
		count_loss(LOSS_CONNECTING_FULL);
	return 0;
}

static __always_inline int connect_return(struct pt_regs *ctx, u16 family)
{
	u32 tid = bpf_get_current_pid_tgid();
	struct sock **found = connecting.lookup(&tid);
	struct event event = {.family = family};
	struct sock_common *sk;
	u16 dport = 0;

	if (!found)
		return 0;
	sk = &(*found)->__sk_common;
	connecting.delete(&tid);
	if ((int)PT_REGS_RC(ctx) != 0)
		return 0; /* nothing went out, and the addresses may be unset */

	bpf_probe_read_kernel(&dport, sizeof(dport), &sk->skc_dport);
	event.dport = ntohs(dport);
	if (!port_passes(event.dport))
		return 0;
	bpf_probe_read_kernel(&event.lport, sizeof(event.lport), &sk->skc_num);
	if (family == AF_INET) {
		bpf_probe_read_kernel(event.saddr, 4, &sk->skc_rcv_saddr);
		bpf_probe_read_kernel(event.daddr, 4, &sk->skc_daddr);
	}
#if IS_ENABLED(CONFIG_IPV6) /* else a socket does not have the fields */
	if (family == AF_INET6) {
		bpf_probe_read_kernel(event.saddr, 16, &sk->skc_v6_rcv_saddr);
		bpf_probe_read_kernel(event.daddr, 16, &sk->skc_v6_daddr);
	}
#endif
	report_connect(ctx, &event);
	return 0;
}

#ifndef ONLY_IPV6
int kprobe__tcp_v4_connect(struct pt_regs *ctx, struct sock *sk)
{
	return connect_entry(sk);
}

int kretprobe__tcp_v4_connect(struct pt_regs *ctx)
{
	return connect_return(ctx, AF_INET);
}
#endif

#ifndef ONLY_IPV4
int kprobe__tcp_v6_connect(struct pt_regs *ctx, struct sock *sk)
{
	return connect_entry(sk);
}

int kretprobe__tcp_v6_connect(struct pt_regs *ctx)
{
	return connect_return(ctx, AF_INET6);
}
#endif
