// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * What became of a connect. Its socket leaves SYN_SENT, or SYN_RECV where both sides connected at
 * once, in one place of the kernel: tcp_set_state(), which has the raw tracepoint
 * inet_sock_set_state (include/trace/events/sock.h, Linux 4.16). Whatever task runs there just then
 * is nobody's: who connected is known from the connect.
 */
#include <net/tcp_states.h>

static __always_inline s32 result_of(struct sock *sk, int new_state)
{
	int err = 0;

	if (new_state == TCP_ESTABLISHED)
		return RESULT_OK;
	bpf_probe_read_kernel(&err, sizeof(err), &sk->sk_err);
	return err ? err : RESULT_CLOSED;
}

/* The SYN goes out: what is counted is counted now, as without results. */
static __always_inline void syn_sent(struct event *event)
{
	event->result = RESULT_PENDING;
#ifdef COUNT
	count_flow(event, 1, 0);
#endif
}

/* Reports a pending connect with its result, and forgets it. */
static __always_inline void end_connect(void *ctx, u64 key, struct event *event, s32 result)
{
	u64 now = bpf_ktime_get_ns();
#ifdef COUNT
	/* a connect that only failed now was counted when its SYN went out */
	count_flow(event, event->result != RESULT_PENDING, result != RESULT_OK);
#endif

	event->result = result;
	event->latency_ns = now - event->time_ns;
	event->time_ns = now;
#ifndef COUNT
	send_connect(ctx, event);
#endif
	delete_event(key);
}

/* A socket has a new state: the connect that is pending for it, if that is decided now, or NULL. */
static __always_inline struct event *connect_decided(struct sock *sk, int old_state, int new_state)
{
	u64 key = (u64)sk;

	if (old_state != TCP_SYN_SENT && old_state != TCP_SYN_RECV)
		return NULL;
	if (new_state == TCP_SYN_RECV) /* the other side connects too */
		return NULL;
	return pending.lookup(&key);
}
