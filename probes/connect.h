// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* What becomes of a connect that went out and passed the filters: it is counted, or sent. */

#ifdef COUNT
#define FLOWS 10240

BPF_HASH(flows, struct flow, u64, FLOWS);

static __always_inline void count_connect(struct event *event)
{
	struct flow flow = {.family = event->family, .dport = event->dport};
	u64 one = 1, *count;

	__builtin_memcpy(flow.saddr, event->saddr, sizeof(flow.saddr));
	__builtin_memcpy(flow.daddr, event->daddr, sizeof(flow.daddr));
	count = flows.lookup(&flow);
	if (!count && flows.insert(&flow, &one) == 0)
		return;
	if (!count) /* another CPU was first, or the map is full */
		count = flows.lookup(&flow);
	if (count)
		__sync_fetch_and_add(count, 1);
	else
		count_loss(LOSS_NOT_COUNTED);
}
#endif

/* `event` has the addresses, ports and family. */
static __always_inline void report_connect(void *ctx, struct event *event)
{
#ifdef COUNT
	count_connect(event);
#else
	int err;

	event_begin(event, EVENT_CONNECT, sizeof(*event));
	event->uid = bpf_get_current_uid_gid();
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	err = events.perf_submit(ctx, event, sizeof(*event));
	if (err)
		count_unsent(err, LOSS_CONNECT_EVENT);
#endif
}
