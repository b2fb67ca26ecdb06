// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * Connects, where the kernel has no kprobes. A sockops program on the root of the cgroup v2
 * hierarchy is called for every TCP socket that is about to send its SYN, in the task that connects
 * (tcp_connect() in net/ipv4/tcp_output.c).
 */
int sockops__tcp_connect(struct bpf_sock_ops *ops)
{
	struct event event = {};
	u32 mapped = 0;

	if (ops->op != BPF_SOCK_OPS_TCP_CONNECT_CB || !task_passes())
		return 1;
	event.dport = ntohl(ops->remote_port);
	event.lport = ops->local_port;
	if (!port_passes(event.dport))
		return 1;

	if (ops->family == AF_INET6) {
		u32 local[4] = {ops->local_ip6[0], ops->local_ip6[1], ops->local_ip6[2],
				ops->local_ip6[3]};
		u32 remote[4] = {ops->remote_ip6[0], ops->remote_ip6[1], ops->remote_ip6[2],
				 ops->remote_ip6[3]};

		__builtin_memcpy(event.saddr, local, sizeof(local));
		__builtin_memcpy(event.daddr, remote, sizeof(remote));
		mapped = remote[0] == 0 && remote[1] == 0 && remote[2] == htonl(0xffff);
	}
	event.family = ops->family;
#ifdef ONLY_IPV4
	if (event.family != AF_INET && !mapped)
		return 1;
#endif
#ifdef ONLY_IPV6
	if (event.family != AF_INET6)
		return 1;
#else
	if (event.family == AF_INET || mapped) { /* what goes out is IPv4 */
		u32 local = ops->local_ip4, remote = ops->remote_ip4;

		event.family = AF_INET;
		__builtin_memset(event.saddr, 0, sizeof(event.saddr));
		__builtin_memset(event.daddr, 0, sizeof(event.daddr));
		__builtin_memcpy(event.saddr, &local, sizeof(local));
		__builtin_memcpy(event.daddr, &remote, sizeof(remote));
	}
#endif
	report_connect(ops, &event);
	return 1;
}
