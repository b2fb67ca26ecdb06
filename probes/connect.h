// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * What becomes of a connect that passed the filters: it is counted, or sent. With -r that waits for
 * its result, and until then it is kept in `pending`.
 */

#ifdef COUNT
#define FLOWS 10240

BPF_HASH(flows, struct flow, struct flow_count, FLOWS);

/* Adds to what is counted for a connect's addresses and port. */
static __always_inline void count_flow(const struct event *event, u64 connects, u64 failed)
{
	struct flow_count first = {.connects = connects, .failed = failed}, *count;
	struct flow flow = {.family = event->family, .dport = event->dport};

	__builtin_memcpy(flow.saddr, event->saddr, sizeof(flow.saddr));
	__builtin_memcpy(flow.daddr, event->daddr, sizeof(flow.daddr));
	count = flows.lookup(&flow);
	if (!count && !connects) /* lost when its SYN went out, and said then */
		return;
	if (!count && flows.insert(&flow, &first) == 0)
		return;
	if (!count) /* another CPU was first, or the map is full */
		count = flows.lookup(&flow);
	if (!count) {
		count_loss(LOSS_NOT_COUNTED);
		return;
	}
	if (connects)
		__sync_fetch_and_add(&count->connects, connects);
	if (failed)
		__sync_fetch_and_add(&count->failed, failed);
}
#endif

/* `event` has all that is to be told. */
static __always_inline void send_connect(void *ctx, struct event *event)
{
#ifdef COUNT
#ifdef WITH_RESULT
	count_flow(event, 1, event->result != RESULT_OK);
#else
	count_flow(event, 1, 0);
#endif
#else
	int err = events.perf_submit(ctx, event, sizeof(*event));

	if (err)
		count_unsent(err, LOSS_CONNECT_EVENT);
#endif
}

/* The parts that say when it was and who did it. */
static __always_inline void describe_connect(struct event *event)
{
	event_begin(event, EVENT_CONNECT, sizeof(*event));
#ifndef COUNT
	event->uid = bpf_get_current_uid_gid();
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	read_columns(event);
#endif
}

/* A connect of the current task; `event` has the addresses, ports and family. */
static __always_inline void report_connect(void *ctx, struct event *event)
{
#if !defined(COUNT) || defined(WITH_RESULT)
	describe_connect(event);
#endif
	send_connect(ctx, event);
}

/*
 * Events are made on the stack, and kept in `pending` if they outlive the program: until the result
 * is known. Those that columns make too large for the stack are made there right away; their memory
 * is their own, since programs of several tasks run on a CPU by turns.
 */
#if defined(COLUMN_EXE) || defined(COLUMN_ARGS)
#define LARGE_EVENTS
#endif

#if defined(WITH_RESULT) || defined(LARGE_EVENTS)
#define PENDING 10240

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 1, 0)
#define PENDING_FLAGS BPF_F_NO_PREALLOC	/* safe in every context since 6.1 */
#else
#define PENDING_FLAGS 0
#endif

/* By the socket's address, or by the task where nothing outlives the program. */
BPF_F_TABLE("hash", u64, struct event, pending, PENDING, PENDING_FLAGS);

static __always_inline void delete_event(u64 key)
{
	pending.delete(&key);
}
#endif

#ifdef LARGE_EVENTS
BPF_ARRAY(empty_event, struct event, 1);

/* A zeroed event that is kept until delete_event(); NULL when there is no room. */
static __always_inline struct event *new_event(u64 key)
{
	int zero = 0;
	struct event *empty = empty_event.lookup(&zero);

	if (!empty || pending.update(&key, empty) != 0) {
		count_loss(LOSS_PENDING_FULL);
		return NULL;
	}
	return pending.lookup(&key);
}

/* Declares a pointer to a zeroed event; it can be NULL. */
#define MAKE_EVENT(event, key)	struct event *event = new_event(key)

static __always_inline void keep_event(u64 key, struct event *event)
{
}

/* What was made and not kept. */
static __always_inline void drop_event(u64 key)
{
	delete_event(key);
}
#else
#define MAKE_EVENT(event, key)	struct event event##_made = {}, *event = &event##_made

#ifdef WITH_RESULT
static __always_inline void keep_event(u64 key, struct event *event)
{
	if (pending.update(&key, event) != 0)
		count_loss(LOSS_PENDING_FULL);
}
#endif

static __always_inline void drop_event(u64 key)
{
}
#endif
