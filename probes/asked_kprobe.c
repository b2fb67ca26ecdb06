// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * What a process asked for, where the kernel has kprobes. A program on a cgroup can turn the address
 * that connect(2) is given into another, a service's into a back end's, say. The kernel runs such
 * programs in tcp_v4_pre_connect() and tcp_v6_pre_connect() (net/ipv4/tcp_ipv4.c, Linux 4.17), which
 * it calls only where there are some; then it calls tcp_v4_connect() or tcp_v6_connect() in the same
 * thread, with the socket locked all the while (__inet_stream_connect() in net/ipv4/af_inet.c).
 */
#define ASKED 10240

struct asked {
	struct sock *sk;
	u32 address[4];	/* as a mapped_address */
};

/* By the thread, until it enters the connect; by the socket's address, until a late SYN. */
BPF_TABLE("lru_hash", u64, struct asked, asked_addresses, ASKED);

static __always_inline int note_asked(struct sock *sk, const struct asked *asked)
{
	u64 tid = (u32)bpf_get_current_pid_tgid();

	if (!task_passes())
		return 0;
	if (!is_unspecified(asked->address))
		asked_addresses.update(&tid, (struct asked *)asked);
	else
		asked_addresses.delete(&tid);
	return 0;
}

/* Leaves the address as it is, zero, where nothing was noted. */
static __always_inline void take_asked(u64 key, struct sock *sk, void *address)
{
	struct asked *asked = asked_addresses.lookup(&key);

	if (!asked)
		return;
	if (asked->sk == sk)
		__builtin_memcpy(address, asked->address, sizeof(asked->address));
	asked_addresses.delete(&key);
}

/* TCP Fast Open: the connect has returned, and the SYN goes out with the first data. */
static __always_inline void keep_asked(struct sock *sk, const void *address)
{
	struct asked asked = {.sk = sk};
	u64 key = (u64)sk;

	__builtin_memcpy(asked.address, address, sizeof(asked.address));
	if (!is_unspecified(asked.address))
		asked_addresses.update(&key, &asked);
}

#ifndef ONLY_IPV6
int asked_kprobe__tcp_v4_pre_connect(struct pt_regs *ctx, struct sock *sk, struct sockaddr_in *given)
{
	struct asked asked = {.sk = sk, .address = {0, 0, htonl(0xffff)}};

	bpf_probe_read_kernel(&asked.address[3], sizeof(u32), &given->sin_addr);
	return note_asked(sk, &asked);
}
#endif

/* With ONLY_IPV4 too: an IPv4-mapped address passes here. */
int asked_kprobe__tcp_v6_pre_connect(struct pt_regs *ctx, struct sock *sk, struct sockaddr_in6 *given)
{
	struct asked asked = {.sk = sk};

	bpf_probe_read_kernel(asked.address, sizeof(asked.address), &given->sin6_addr);
	return note_asked(sk, &asked);
}
