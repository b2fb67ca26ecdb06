// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * What is sent to user space. Every event goes through one perf buffer and begins with struct event;
 * the tool reads this very layout, and refuses another one when it starts.
 */
#include <uapi/linux/ptrace.h>
#include <linux/socket.h>
#include <net/sock.h>

enum event_kind {
	EVENT_CONNECT = 1,	/* a connect that went out; no payload */
	EVENT_DNS_MESSAGE = 2,	/* a datagram from port 53; payload: the DNS message, maybe cut short */
	EVENT_DNS_PACKET = 3,	/* a packet from port 53; payload: see dns_cgroup.c */
	EVENT_NAME = 4,		/* a name that the C library found the address daddr for; payload: the name */
};

struct event {
	u64 time_ns;	/* CLOCK_MONOTONIC */
	u16 kind;	/* enum event_kind */
	u16 family;	/* AF_INET or AF_INET6 */
	u16 lport;	/* host order */
	u16 dport;	/* host order */
	u32 pid;	/* thread group */
	u32 tid;	/* thread */
	u32 uid;
	u32 length;	/* bytes of payload behind this struct */
	u8 saddr[16];	/* network order; IPv4 in the first four bytes, the rest zero */
	u8 daddr[16];	/* likewise */
	char comm[16];
};

BPF_PERF_OUTPUT(events);

/* What could not be kept, by reason: the tool reports each that is not zero. */
enum loss {
	LOSS_RETURN_MISSED,	/* connects whose return the kernel did not probe */
	LOSS_CONNECTING_FULL,	/* connects that did not fit into `connecting` */
	LOSS_NOT_COUNTED,	/* connects whose flow did not fit into `flows` */
	LOSS_CONNECT_EVENT,	/* connects that found the perf buffer full */
	LOSS_DNS_EVENT,		/* DNS messages that did */
	LOSS_NO_BUFFER,		/* events on a CPU that has come online since */
	LOSS_KINDS,
};

struct losses {
	u64 count[LOSS_KINDS];
};

BPF_ARRAY(losses, struct losses, 1);

static __always_inline void count_loss(enum loss loss)
{
	int zero = 0;
	struct losses *lost = losses.lookup(&zero);

	if (lost)
		__sync_fetch_and_add(&lost->count[loss], 1);
}

/* What the perf buffer did not take. */
static __always_inline void count_unsent(int err, enum loss loss)
{
	count_loss(err == -ENOENT ? LOSS_NO_BUFFER : loss);
}

/* The parts of an event that say who and when. */
static __always_inline void event_begin(struct event *event, u16 kind)
{
	u64 pid_tgid = bpf_get_current_pid_tgid();

	event->time_ns = bpf_ktime_get_ns();
	event->kind = kind;
	event->pid = pid_tgid >> 32;
	event->tid = pid_tgid;
	event->uid = bpf_get_current_uid_gid();
	event->length = 0;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
}
