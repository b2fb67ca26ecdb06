// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * Connects, where the kernel has kprobes. The socket is known when tcp_v4_connect() or
 * tcp_v6_connect() is entered, and its addresses and ports are set when it returns 0: the SYN has
 * gone out. A connect to an IPv4-mapped address passes through both, the one inside the other
 * (net/ipv6/tcp_ipv6.c); the inner return reports it, and the outer finds nothing left.
 */
#ifdef WITH_RESULT
/* What is needed of a connect that fails at once, when the socket does not have it. */
struct attempt {
	struct sock *sk;
	u64 time_ns;
	union {
		struct {
			u16 family;
			u16 port;	/* network order */
			u32 ipv4;	/* network order */
		};
		struct {
			u64 port_and_flow;
			u8 ipv6[16];
		};
	};
};
#else
struct attempt {
	struct sock *sk;
};
#endif

BPF_HASH(connecting, u32, struct attempt);

static __always_inline int connect_entry(struct sock *sk, const void *address, u32 size)
{
	struct attempt attempt = {.sk = sk}, *earlier;
	u32 tid = bpf_get_current_pid_tgid();

	if (!task_passes()) {
		connecting.delete(&tid); /* of a return that was missed, when the task still passed */
		return 0;
	}
#ifdef WITH_RESULT
	attempt.time_ns = bpf_ktime_get_ns();
	bpf_probe_read_kernel(&attempt.family, size, address);
#endif
	if (connecting.insert(&tid, &attempt) == 0)
		return 0;
	earlier = connecting.lookup(&tid);
	if (earlier && earlier->sk == sk) /* IPv4-mapped: the outer function's entry */
		return 0;
	if (connecting.update(&tid, &attempt) == 0)
		count_loss(LOSS_RETURN_MISSED);
	else
		count_loss(LOSS_CONNECTING_FULL);
	return 0;
}

static __always_inline void read_addresses(struct event *event, struct sock_common *sk)
{
	bpf_probe_read_kernel(&event->lport, sizeof(event->lport), &sk->skc_num);
	if (event->family == AF_INET) {
		bpf_probe_read_kernel(event->saddr, 4, &sk->skc_rcv_saddr);
		bpf_probe_read_kernel(event->daddr, 4, &sk->skc_daddr);
	}
#if IS_ENABLED(CONFIG_IPV6) /* else a socket does not have the fields */
	if (event->family == AF_INET6) {
		bpf_probe_read_kernel(event->saddr, 16, &sk->skc_v6_rcv_saddr);
		bpf_probe_read_kernel(event->daddr, 16, &sk->skc_v6_daddr);
	}
#endif
}

#ifdef WITH_RESULT
static __always_inline u8 socket_state_of(struct sock *sk)
{
	u8 state = 0;

	bpf_probe_read_kernel(&state, sizeof(state), (const void *)&sk->__sk_common.skc_state);
	return state;
}

/* What connect(2) was given: the socket of a connect that failed at once may not have it. */
static __always_inline void read_given_address(struct event *event, struct attempt *attempt)
{
	if (event->family == AF_INET6)
		__builtin_memcpy(event->daddr, attempt->ipv6, 16);
	else if (attempt->family == AF_INET6) /* IPv4-mapped */
		__builtin_memcpy(event->daddr, attempt->ipv6 + 12, 4);
	else
		__builtin_memcpy(event->daddr, &attempt->ipv4, 4);
}

/*
 * The socket is locked until after this: what comes in answer to the SYN waits, so that the connect
 * is known before its result.
 */
static __always_inline void connect_pending(void *ctx, struct attempt *attempt, u16 family, u16 dport,
					    int err)
{
	u64 key = (u64)attempt->sk;
	struct event *event = new_event(key);

	if (!event)
		return;
	event->family = family;
	event->dport = dport;
	describe_connect(event);
	event->time_ns = attempt->time_ns;
	read_addresses(event, &attempt->sk->__sk_common);
	if (err) {
		read_given_address(event, attempt);
	} else if (segments_sent(attempt->sk)) {
		syn_sent(event);
		return;
	} else if (socket_state_of(attempt->sk) == TCP_SYN_SENT) {
		event->result = RESULT_NO_SYN;
		return;
	}
	event->result = err; /* none where a socket was only restored (TCP_REPAIR) */
	event->time_ns = bpf_ktime_get_ns();
	send_connect(ctx, event);
	delete_event(key);
}

int raw_tracepoint__inet_sock_set_state(struct bpf_raw_tracepoint_args *ctx)
{
	connect_new_state(ctx, (struct sock *)ctx->args[0], ctx->args[1], ctx->args[2],
			  RESULT_NO_SYN);
	return 0;
}
#endif

/* `dport` in network order. */
static __always_inline void connect_sent(void *ctx, struct attempt *attempt, u16 family, u16 dport,
					 int err)
{
#if defined(WITH_RESULT)
	connect_pending(ctx, attempt, family, ntohs(dport), err);
#elif defined(EVENTS_IN_MAP)
	u64 key = bpf_get_current_pid_tgid();
	struct event *event = new_event(key);

	if (!event)
		return;
	event->family = family;
	event->dport = ntohs(dport);
	read_addresses(event, &attempt->sk->__sk_common);
	report_connect(ctx, event);
	delete_event(key);
#else
	struct event event = {.family = family, .dport = ntohs(dport)};

	read_addresses(&event, &attempt->sk->__sk_common);
	report_connect(ctx, &event);
#endif
}

static __always_inline int connect_return(struct pt_regs *ctx, u16 family)
{
	u32 tid = bpf_get_current_pid_tgid();
	struct attempt *found = connecting.lookup(&tid), attempt;
	int err = -(int)PT_REGS_RC(ctx);
	u16 dport = 0;

	if (!found)
		return 0;
	attempt = *found;
	connecting.delete(&tid);
#ifdef WITH_RESULT
	dport = attempt.port;
#else
	if (err) /* nothing went out, and the addresses may be unset */
		return 0;
	bpf_probe_read_kernel(&dport, sizeof(dport), &attempt.sk->__sk_common.skc_dport);
#endif
	if (port_passes(ntohs(dport)))
		connect_sent(ctx, &attempt, family, dport, err);
	return 0;
}

#ifndef ONLY_IPV6
int kprobe__tcp_v4_connect(struct pt_regs *ctx, struct sock *sk, void *address)
{
	return connect_entry(sk, address, 8);
}

int kretprobe__tcp_v4_connect(struct pt_regs *ctx)
{
	return connect_return(ctx, AF_INET);
}
#endif

#ifndef ONLY_IPV4
int kprobe__tcp_v6_connect(struct pt_regs *ctx, struct sock *sk, void *address)
{
	return connect_entry(sk, address, 24);
}

int kretprobe__tcp_v6_connect(struct pt_regs *ctx)
{
	return connect_return(ctx, AF_INET6);
}
#endif
