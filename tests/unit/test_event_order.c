// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "trace/event_order.h"
#include "test.h"

#define SEEN_MAX 4096

struct seen {
	uint64_t times[SEEN_MAX];
	uint32_t tids[SEEN_MAX];
	size_t count;
};

static void see(const struct event_head *event, void *ctx)
{
	struct seen *seen = ctx;
	const uint8_t *payload = (const uint8_t *)(event + 1);

	assert_true(seen->count < SEEN_MAX);
	for (uint32_t i = 0; i < event->length; i++)
		assert_int_equal(payload[i], (uint8_t)event->tid);
	seen->times[seen->count] = event->time_ns;
	seen->tids[seen->count++] = event->tid;
}

/* An event whose payload is its tid, over and over. */
static void add(struct event_order *order, uint64_t time_ns, uint32_t tid, uint32_t length)
{
	uint8_t sample[sizeof(struct event_head) + 5000];
	struct event_head event = {.time_ns = time_ns, .tid = tid, .length = length};

	memcpy(sample, &event, sizeof(event));
	memset(sample + sizeof(event), (uint8_t)tid, length);
	assert_int_equal(event_order__add(order, sample, sizeof(event) + length), 0);
}

static void events_of_several_cpus_come_out_in_time_order(void **state)
{
	struct event_order *order = event_order__new();
	struct seen seen = {0};
	(void)state;

	for (uint32_t i = 0; i < 1000; i++)
		add(order, 10 + 2 * i, i, i % 50);
	for (uint32_t i = 0; i < 1000; i++)
		add(order, 11 + 2 * i, i, i % 7);
	event_order__release(order, UINT64_MAX, see, &seen);
	assert_int_equal(seen.count, 2000);
	for (size_t i = 0; i < seen.count; i++)
		assert_int_equal(seen.times[i], 10 + i);
	event_order__free(order);
}

static void what_is_too_young_stays_and_is_kept_whole(void **state)
{
	struct event_order *order = event_order__new();
	struct seen seen = {0};
	(void)state;

	add(order, 300, 3, 4096);
	add(order, 100, 1, 17);
	add(order, 200, 2, 0);
	event_order__release(order, 150, see, &seen);
	assert_int_equal(seen.count, 1);
	add(order, 250, 5, 99);
	event_order__release(order, 299, see, &seen);
	assert_int_equal(seen.count, 3);
	event_order__release(order, 300, see, &seen);
	assert_int_equal(seen.count, 4);
	assert_int_equal(seen.tids[0], 1);
	assert_int_equal(seen.tids[1], 2);
	assert_int_equal(seen.tids[2], 5);
	assert_int_equal(seen.tids[3], 3);
	event_order__free(order);
}

static void equal_times_keep_the_order_of_arrival(void **state)
{
	struct event_order *order = event_order__new();
	struct seen seen = {0};
	(void)state;

	for (uint32_t i = 0; i < 500; i++)
		add(order, 7, i, 0);
	event_order__release(order, 7, see, &seen);
	for (uint32_t i = 0; i < 500; i++)
		assert_int_equal(seen.tids[i], i);
	event_order__free(order);
}

static void a_sample_shorter_than_it_says_is_refused(void **state)
{
	struct event_order *order = event_order__new();
	struct event_head event = {.time_ns = 1, .length = 1};
	struct seen seen = {0};
	(void)state;

	assert_int_equal(event_order__add(order, &event, sizeof(event)), -EINVAL);
	assert_int_equal(event_order__add(order, &event, sizeof(event) - 1), -EINVAL);
	event.length = UINT32_MAX;
	assert_int_equal(event_order__add(order, &event, sizeof(event)), -EINVAL);
	event_order__release(order, UINT64_MAX, see, &seen);
	assert_int_equal(seen.count, 0);
	event_order__free(order);
}

static void padding_behind_the_payload_is_dropped(void **state)
{
	struct event_order *order = event_order__new();
	struct {
		struct event_head event;
		uint8_t payload[8];
	} sample = {.event = {.time_ns = 1, .tid = 9, .length = 3}, .payload = {9, 9, 9, 1, 2, 3}};
	struct seen seen = {0};
	(void)state;

	assert_int_equal(event_order__add(order, &sample, sizeof(sample)), 0);
	event_order__release(order, UINT64_MAX, see, &seen);
	assert_int_equal(seen.count, 1);
	event_order__free(order);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_of_several_cpus_come_out_in_time_order),
		cmocka_unit_test(what_is_too_young_stays_and_is_kept_whole),
		cmocka_unit_test(equal_times_keep_the_order_of_arrival),
		cmocka_unit_test(a_sample_shorter_than_it_says_is_refused),
		cmocka_unit_test(padding_behind_the_payload_is_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
