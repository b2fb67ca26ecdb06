// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* How events and losses reach the tool. */
#include <uapi/linux/ptrace.h>
#include <linux/socket.h>
#include <linux/errno.h>
#include <net/sock.h>
#include <linux/version.h>
#include <linux/net.h>

BPF_PERF_OUTPUT(events);

BPF_ARRAY(losses, struct losses, 1);

static __always_inline void count_losses(enum loss loss, u64 count)
{
	int zero = 0;
	struct losses *lost = losses.lookup(&zero);

	if (lost)
		__sync_fetch_and_add(&lost->count[loss], count);
}

static __always_inline void count_loss(enum loss loss)
{
	count_losses(loss, 1);
}

/*
 * Why the perf buffer did not take an event. There is none on a CPU that has just come online, or it
 * is that of the time before the CPU was offline, and dead.
 */
static __always_inline enum loss why_unsent(int err, enum loss loss)
{
	return err == -ENOENT || err == -EOPNOTSUPP ? LOSS_NO_BUFFER : loss;
}

/* What the perf buffer did not take. */
static __always_inline void count_unsent(int err, enum loss loss)
{
	count_loss(why_unsent(err, loss));
}

/*
 * The parts of an event that say what it is, when it was and who did it, in a struct event or a
 * struct event_head; `size` is that of the event, all told.
 */
#define event_begin(event, what, size)                                                             \
	({                                                                                         \
		u64 pid_tgid_ = bpf_get_current_pid_tgid();                                        \
		(event)->time_ns = bpf_ktime_get_ns();                                             \
		(event)->pid = pid_tgid_ >> 32;                                                    \
		(event)->tid = pid_tgid_;                                                          \
		(event)->length = (size) - sizeof(struct event_head);                              \
		(event)->kind = (what);                                                            \
	})
