// SPDX-License-Identifier: Apache-2.0
#include "event_order.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* An event in the arena, by its place: the arena moves when it grows. */
struct entry {
	uint64_t time_ns;
	uint64_t number; /* in the order of arrival: equal times keep it */
	size_t offset;
};

struct event_order {
	struct entry *entries;
	size_t count;
	size_t entry_capacity;
	char *arena;
	size_t used;
	size_t capacity;
	uint64_t next_number;
};

struct event_order *event_order__new(void)
{
	return calloc(1, sizeof(struct event_order));
}

void event_order__free(struct event_order *order)
{
	if (!order)
		return;
	free(order->entries);
	free(order->arena);
	free(order);
}

static size_t round_up(size_t size)
{
	return (size + 7) & ~(size_t)7;
}

/* Makes room for one entry and `size` bytes. */
static int reserve(struct event_order *order, size_t size)
{
	if (order->count == order->entry_capacity) {
		size_t capacity = order->entry_capacity ? 2 * order->entry_capacity : 256;
		struct entry *grown = reallocarray(order->entries, capacity, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		order->entries = grown;
		order->entry_capacity = capacity;
	}
	if (order->used + size > order->capacity) {
		size_t capacity = order->used + size + order->used / 4 + 16384;
		char *grown = realloc(order->arena, capacity);

		if (!grown)
			return -ENOMEM;
		order->arena = grown;
		order->capacity = capacity;
	}
	return 0;
}

int event_order__add(struct event_order *order, const void *sample, size_t size)
{
	struct event_head head;
	int err;

	if (size < sizeof(head))
		return -EINVAL;
	memcpy(&head, sample, sizeof(head));
	/* the perf buffer pads: the event may be shorter, not longer */
	if (head.length > size - sizeof(head))
		return -EINVAL;
	size = sizeof(head) + head.length;
	err = reserve(order, round_up(size));
	if (err)
		return err;
	memcpy(order->arena + order->used, sample, size);
	order->entries[order->count++] = (struct entry){
		.time_ns = head.time_ns, .number = order->next_number++, .offset = order->used};
	order->used += round_up(size);
	return 0;
}

static int by_time(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;

	if (a->time_ns != b->time_ns)
		return a->time_ns < b->time_ns ? -1 : 1;
	return a->number < b->number ? -1 : 1;
}

static const struct event_head *event_at(const struct event_order *order, const struct entry *entry)
{
	return (const struct event_head *)(order->arena + entry->offset);
}

static int by_offset(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;

	return a->offset < b->offset ? -1 : 1;
}

/* Drops the first `released` entries and moves the others to the arena's beginning. */
static void drop(struct event_order *order, size_t released)
{
	order->count -= released;
	memmove(order->entries, order->entries + released, order->count * sizeof(*order->entries));
	qsort(order->entries, order->count, sizeof(*order->entries), by_offset);
	order->used = 0;
	for (size_t i = 0; i < order->count; i++) {
		struct entry *entry = &order->entries[i];
		size_t size = round_up(sizeof(struct event_head) + event_at(order, entry)->length);

		memmove(order->arena + order->used, order->arena + entry->offset, size);
		entry->offset = order->used;
		order->used += size;
	}
}

void event_order__release(struct event_order *order, uint64_t until_ns, event_fn fn, void *ctx)
{
	size_t released = 0;

	if (!order->count)
		return;
	qsort(order->entries, order->count, sizeof(*order->entries), by_time);
	while (released < order->count && order->entries[released].time_ns <= until_ns) {
		fn(event_at(order, &order->entries[released]), ctx);
		released++;
	}
	if (released)
		drop(order, released);
}
