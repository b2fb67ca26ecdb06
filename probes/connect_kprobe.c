// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * Connects, where the kernel has kprobes. The socket is known when tcp_v4_connect() or
 * tcp_v6_connect() is entered, and its addresses and ports are set when it returns 0: the SYN has
 * gone out. A connect to an IPv4-mapped address passes through both, the one inside the other
 * (net/ipv6/tcp_ipv6.c); the inner return reports it, and the outer finds nothing left.
 */
/* Bytes of struct sockaddr_in and sockaddr_in6 up to the end of the address. */
#define IPV4_ADDRESS_SIZE 8
#define IPV6_ADDRESS_SIZE 24

#ifdef WITH_RESULT
/* What is needed of a connect that fails at once, when the socket does not have it. */
struct attempt {
	struct sock *sk;
#ifdef COLUMN_ASKED
	mapped_address asked;
#endif
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
#ifdef COLUMN_ASKED
	mapped_address asked;
#endif
};
#endif

BPF_HASH(connecting, u32, struct attempt);

#ifdef COLUMN_ASKED
#define COPY_ASKED(event, attempt)                                                                 \
	__builtin_memcpy((event)->asked, (attempt)->asked, sizeof((event)->asked))
#else
#define COPY_ASKED(event, attempt)
#endif

/* IPv4-mapped: is this the inner function, and `outer` the outer one's entry? */
static __always_inline int is_inner(const struct attempt *outer, u32 size)
{
#ifdef WITH_RESULT
	return outer->family == AF_INET6 && size == IPV4_ADDRESS_SIZE;
#else
	return 1;
#endif
}

static __always_inline int connect_entry(struct sock *sk, const void *address, u32 size)
{
	struct attempt attempt = {.sk = sk}, *earlier;
	u32 tid = bpf_get_current_pid_tgid();

	if (!task_passes()) {
		connecting.delete(&tid); /* of a return that was missed, when the task still passed */
		return 0;
	}
#ifdef COLUMN_ASKED
	take_asked(tid, sk, attempt.asked);
#endif
#ifdef WITH_RESULT
	attempt.time_ns = bpf_ktime_get_ns();
	bpf_probe_read_kernel(&attempt.family, size, address);
#endif
	if (connecting.insert(&tid, &attempt) == 0)
		return 0;
	earlier = connecting.lookup(&tid);
	if (earlier && earlier->sk == sk && is_inner(earlier, size))
		return 0;
	if (connecting.update(&tid, &attempt) == 0)
		count_loss(LOSS_RETURN_MISSED);
	else
		count_loss(LOSS_CONNECTING_FULL);
	return 0;
}

#ifdef WITH_RESULT
/*
 * The SYN is about to go out, in the task that connects; with TCP Fast Open that can be later than
 * connect(2), with the first data. The socket is locked, so that its result comes after this.
 */
int kprobe__tcp_connect(struct pt_regs *ctx, struct sock *sk)
{
	u32 tid = bpf_get_current_pid_tgid();
	struct attempt *attempt = connecting.lookup(&tid);
	u64 key = (u64)sk, time_ns = bpf_ktime_get_ns();
	u16 family = family_of(&sk->__sk_common), dport = 0;

	delete_event(key); /* of an earlier socket there, whose end was missed */
	if (attempt && attempt->sk == sk)
		time_ns = attempt->time_ns;
	else if (!task_passes())
		return 0;
	bpf_probe_read_kernel(&dport, sizeof(dport), &sk->__sk_common.skc_dport);
	if (!family || !port_passes(ntohs(dport)))
		return 0;
	MAKE_EVENT(event, key);
	if (!event)
		return 0;
	event->family = family;
	event->dport = ntohs(dport);
	describe_connect(event);
	event->time_ns = time_ns;
	read_addresses(event, &sk->__sk_common);
#ifdef COLUMN_ASKED
	if (attempt && attempt->sk == sk)
		COPY_ASKED(event, attempt);
	else
		take_asked(key, sk, event->asked);
#endif
	syn_sent(event);
	keep_event(key, event);
	return 0;
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

/* `dport` in network order. */
static __always_inline void connect_failed(void *ctx, struct attempt *attempt, u16 family, u16 dport,
					   int err)
{
	u64 key = (u64)attempt->sk;
	struct event *begun = pending.lookup(&key);

	if (begun && begun->result == RESULT_PENDING) { /* tcp_connect() itself failed */
		begun->time_ns = bpf_ktime_get_ns();
		end_connect(ctx, key, begun, err);
		return;
	}
	MAKE_EVENT(event, key);
	if (!event)
		return;
	event->family = family;
	event->dport = ntohs(dport);
	describe_connect(event);
	read_addresses(event, &attempt->sk->__sk_common);
	read_given_address(event, attempt);
	COPY_ASKED(event, attempt);
	event->result = err;
	send_connect(ctx, event);
	drop_event(key);
}

/* A connect that fails once the SYN was to go out is told by its return, which knows why. */
static __always_inline int is_connecting(struct sock *sk)
{
	u32 tid = bpf_get_current_pid_tgid();
	struct attempt *attempt = connecting.lookup(&tid);

	return attempt && attempt->sk == sk;
}

int raw_tracepoint__inet_sock_set_state(struct bpf_raw_tracepoint_args *ctx)
{
	struct sock *sk = (struct sock *)ctx->args[0];
	struct event *event = connect_decided(sk, ctx->args[1], ctx->args[2]);
	u64 key = (u64)sk;
	s32 result;

	if (!event)
		return 0;
	result = result_of(sk, ctx->args[2]);
	if (result != RESULT_CLOSED || !is_connecting(sk))
		end_connect(ctx, key, event, result);
	return 0;
}
#else
/* `dport` in network order. */
static __always_inline void connect_sent(void *ctx, struct attempt *attempt, u16 family, u16 dport)
{
	u64 key = bpf_get_current_pid_tgid();

	MAKE_EVENT(event, key);
	if (!event)
		return;
	event->family = family;
	event->dport = ntohs(dport);
	read_addresses(event, &attempt->sk->__sk_common);
	COPY_ASKED(event, attempt);
	report_connect(ctx, event);
	drop_event(key);
}
#endif

static __always_inline int connect_return(struct pt_regs *ctx, u16 family)
{
	u32 tid = bpf_get_current_pid_tgid();
	struct attempt *found = connecting.lookup(&tid), attempt;
	int err = -(int)PT_REGS_RC(ctx);
#ifndef WITH_RESULT
	u16 dport = 0;
#endif

	if (!found)
		return 0;
	attempt = *found;
	connecting.delete(&tid);
#ifdef WITH_RESULT
	if (err == EAFNOSUPPORT && !attempt.port && attempt.ipv4 == FIRING_ADDRESS)
		return 0;
	if (err && port_passes(ntohs(attempt.port)))
		connect_failed(ctx, &attempt, family, attempt.port, err);
#ifdef COLUMN_ASKED
	u64 key = (u64)attempt.sk;

	if (!err && !pending.lookup(&key))
		keep_asked(attempt.sk, attempt.asked);
#endif
#else
	if (err) /* nothing went out, and the addresses may be unset */
		return 0;
	bpf_probe_read_kernel(&dport, sizeof(dport), &attempt.sk->__sk_common.skc_dport);
	if (port_passes(ntohs(dport)))
		connect_sent(ctx, &attempt, family, dport);
#endif
	return 0;
}

#ifndef ONLY_IPV6
int kprobe__tcp_v4_connect(struct pt_regs *ctx, struct sock *sk, void *address)
{
	return connect_entry(sk, address, IPV4_ADDRESS_SIZE);
}

int kretprobe__tcp_v4_connect(struct pt_regs *ctx)
{
	return connect_return(ctx, AF_INET);
}
#endif

#ifndef ONLY_IPV4
int kprobe__tcp_v6_connect(struct pt_regs *ctx, struct sock *sk, void *address)
{
	return connect_entry(sk, address, IPV6_ADDRESS_SIZE);
}

int kretprobe__tcp_v6_connect(struct pt_regs *ctx)
{
	return connect_return(ctx, AF_INET6);
}
#endif
