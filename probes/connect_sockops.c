// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * Connects, where the kernel has no kprobes. A sockops program on the root of the cgroup v2
 * hierarchy is called for every TCP socket that is about to send its SYN, in the task that connects
 * (tcp_connect() in net/ipv4/tcp_output.c).
 */

/* Fills in addresses, ports and family; 0 for a family that is not traced. */
static __always_inline int read_socket(struct bpf_sock_ops *ops, struct event *event)
{
	u32 mapped = 0;

	event->dport = ntohl(ops->remote_port);
	event->lport = ops->local_port;
	if (ops->family == AF_INET6) {
		u32 local[4] = {ops->local_ip6[0], ops->local_ip6[1], ops->local_ip6[2],
				ops->local_ip6[3]};
		u32 remote[4] = {ops->remote_ip6[0], ops->remote_ip6[1], ops->remote_ip6[2],
				 ops->remote_ip6[3]};

		__builtin_memcpy(event->saddr, local, sizeof(local));
		__builtin_memcpy(event->daddr, remote, sizeof(remote));
		mapped = remote[0] == 0 && remote[1] == 0 && remote[2] == htonl(0xffff);
	}
#ifdef WITH_NAMES
	event->asker_netns = netns_of_context(ops);
#endif
	event->family = ops->family;
#ifdef ONLY_IPV4
	if (event->family != AF_INET && !mapped)
		return 0;
#endif
#ifdef ONLY_IPV6
	if (event->family != AF_INET6)
		return 0;
#else
	if (event->family == AF_INET || mapped) { /* what goes out is IPv4 */
		u32 local = ops->local_ip4, remote = ops->remote_ip4;

		event->family = AF_INET;
		__builtin_memset(event->saddr, 0, sizeof(event->saddr));
		__builtin_memset(event->daddr, 0, sizeof(event->daddr));
		__builtin_memcpy(event->saddr, &local, sizeof(local));
		__builtin_memcpy(event->daddr, &remote, sizeof(remote));
	}
#endif
	return 1;
}

#ifdef WITH_RESULT
/* While a connect is pending: no SYN has been sent yet (TCP Fast Open, RFC 7413). */
#define RESULT_NO_SYN	-3

/*
 * A connect begins when its socket goes from CLOSE to SYN_SENT, in the task that connects. What
 * fails before that, for want of a route, is not seen; what fails before the SYN, for want of a
 * port, ends here without one.
 */
static __always_inline void connect_begins(struct sock *sk)
{
	u16 family = family_of(&sk->__sk_common), dport = 0, protocol = 0;
	u64 key = (u64)sk;

	delete_event(key); /* of an earlier socket there, whose end was missed */
	/* an MPTCP socket has the same states, and TCP sockets of its own */
	bpf_probe_read_kernel(&protocol, sizeof(protocol), &sk->sk_protocol);
	if (protocol != IPPROTO_TCP || !family)
		return;
	bpf_probe_read_kernel(&dport, sizeof(dport), &sk->__sk_common.skc_dport);
	if (!task_passes() || !port_passes(ntohs(dport)))
		return;
	MAKE_EVENT(event, key);
	if (!event)
		return;
	event->family = family;
	event->dport = ntohs(dport);
	event->result = RESULT_NO_SYN;
	describe_connect(event);
	read_addresses(event, &sk->__sk_common);
#ifdef COLUMN_ASKED
	u64 cookie = 0;

	bpf_probe_read_kernel(&cookie, sizeof(cookie), &sk->__sk_common.skc_cookie);
	take_asked(cookie, event->asked);
#endif
	keep_event(key, event);
}

/*
 * Why a socket was closed that had sent no SYN. While connect(2) is at work, the socket above it is
 * still unconnected: there was no port, or the one that it was bound to is in use for that
 * destination. Afterwards, TCP Fast Open has waited for data that never came.
 */
static __always_inline s32 result_without_syn(struct sock *sk)
{
	struct socket *socket = NULL;
	socket_state state = SS_FREE;

	bpf_probe_read_kernel(&socket, sizeof(socket), &sk->sk_socket);
	if (socket)
		bpf_probe_read_kernel(&state, sizeof(state), &socket->state);
	return state == SS_UNCONNECTED ? EADDRNOTAVAIL : RESULT_NO_SYN;
}

int raw_tracepoint__inet_sock_set_state(struct bpf_raw_tracepoint_args *ctx)
{
	struct sock *sk = (struct sock *)ctx->args[0];
	int old_state = ctx->args[1], new_state = ctx->args[2];
	struct event *event;
	u64 key = (u64)sk;
	s32 result;

	if (new_state == TCP_SYN_SENT) {
		connect_begins(sk);
		return 0;
	}
	event = connect_decided(sk, old_state, new_state);
	if (!event)
		return 0;
	result = result_of(sk, new_state);
	/* without a SYN it is no connect, or one that another cgroup namespace made */
	if (event->result == RESULT_NO_SYN)
		result = result == RESULT_CLOSED ? result_without_syn(sk) : RESULT_NO_SYN;
	if (result == RESULT_NO_SYN)
		delete_event(key);
	else
		end_connect(ctx, key, event, result);
	return 0;
}
#endif

int sockops__tcp_connect(struct bpf_sock_ops *ops)
{
	if (ops->op != BPF_SOCK_OPS_TCP_CONNECT_CB)
		return 1;
#ifdef WITH_RESULT
	u64 key = (u64)ops->sk;
	struct event *event = pending.lookup(&key);

	if (!event)
		return 1;
	event->time_ns = bpf_ktime_get_ns(); /* the SYN may be later than the call, with data */
	if (read_socket(ops, event))
		syn_sent(event);
	else
		delete_event(key);
#else
	u64 key = bpf_get_current_pid_tgid();

	if (!task_passes() || !port_passes(ntohl(ops->remote_port)))
		return 1;
	MAKE_EVENT(event, key);
	if (!event)
		return 1;
#ifdef COLUMN_ASKED
	take_asked(bpf_get_socket_cookie(ops), event->asked);
#endif
	if (read_socket(ops, event))
		report_connect(ops, event);
	drop_event(key);
#endif
	return 1;
}
