/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <malloc.h>

#include "names/dns_stream.h"

#define SECOND UINT64_C(1000000000)

/* Near the end of the numbers, so that every longer test goes over it. */
#define FIRST 0xfffffff0U

enum { CONNECTION = 7 };

/* What came out: the last message, and sums. */
struct output {
	struct dns_stream *streams;
	uint8_t last[65535];
	size_t last_length;
	uint64_t last_time_ns;
	size_t count;
	size_t bytes;
};

static void keep(const uint8_t *message, size_t length, uint64_t time_ns, void *context)
{
	struct output *output = context;

	assert_true(length >= 1 && length <= sizeof(output->last));
	memcpy(output->last, message, length);
	output->last_length = length;
	output->last_time_ns = time_ns;
	output->count++;
	output->bytes += length;
}

static int setup(void **state)
{
	struct output *output = calloc(1, sizeof(*output));

	*state = output;
	return dns_stream__new(&output->streams, keep, output) ||
	       dns_stream__start(output->streams, CONNECTION, FIRST, SECOND);
}

static int teardown(void **state)
{
	struct output *output = *state;

	dns_stream__free(output->streams);
	free(output);
	return 0;
}

/* A message with its length field; its bytes count up from `seed`. */
static size_t build(uint8_t *out, size_t length, uint8_t seed)
{
	out[0] = length >> 8;
	out[1] = length & 0xff;
	for (size_t i = 0; i < length; i++)
		out[2 + i] = seed + i * 7;
	return 2 + length;
}

static void expect_last(const struct output *output, size_t length, uint8_t seed)
{
	assert_int_equal(output->last_length, length);
	for (size_t i = 0; i < length; i++)
		assert_int_equal(output->last[i], (uint8_t)(seed + i * 7));
}

static int segment_at(struct output *output, uint32_t offset, const uint8_t *bytes, size_t length,
		      uint64_t time_ns)
{
	/* a copy of the exact size: sanitizers and valgrind see a read behind the end */
	uint8_t *copy = malloc(length + !length);
	int delivered;

	memcpy(copy, bytes, length);
	delivered = dns_stream__segment(output->streams, CONNECTION, FIRST + offset, copy, length,
					length, time_ns);
	free(copy);
	return delivered;
}

static int segment(struct output *output, uint32_t offset, const uint8_t *bytes, size_t length)
{
	return segment_at(output, offset, bytes + offset, length, SECOND);
}

static uint8_t wire[1 << 20];

static void test_one_segment(void **state)
{
	size_t length = build(wire, 100, 1);

	assert_int_equal(segment_at(*state, 0, wire, length, 5), 1);
	expect_last(*state, 100, 1);
	assert_int_equal(((struct output *)*state)->last_time_ns, 5);
}

static void test_byte_by_byte(void **state)
{
	struct output *output = *state;
	size_t length = build(wire, 300, 1);

	for (size_t i = 0; i < length; i++)
		assert_int_equal(segment_at(output, i, wire + i, 1, SECOND + i), i + 1 == length);
	expect_last(output, 300, 1);
	assert_int_equal(output->last_time_ns, SECOND + length - 1);
}

static void test_several_in_one_segment(void **state)
{
	struct output *output = *state;
	size_t length = 0;

	for (int i = 0; i < 10; i++)
		length += build(wire + length, 50 + i, i);
	assert_int_equal(segment(output, 0, wire, length), 10);
	expect_last(output, 59, 9);
	assert_int_equal(output->count, 10);
}

static void test_cut_anywhere(void **state)
{
	struct output *output = *state;
	size_t length = build(wire, 20, 1);

	length += build(wire + length, 30, 2);
	for (size_t cut = 0; cut <= length; cut++) {
		output->count = 0;
		/* another sequence number makes it forget what it has */
		dns_stream__start(output->streams, CONNECTION, FIRST - 1, SECOND);
		dns_stream__start(output->streams, CONNECTION, FIRST, SECOND);
		segment(output, 0, wire, cut);
		segment(output, cut, wire, length - cut);
		assert_int_equal(output->count, 2);
		expect_last(output, 30, 2);
	}
}

static void test_empty_messages_are_skipped(void **state)
{
	size_t length = build(wire, 0, 0);

	length += build(wire + length, 0, 0);
	length += build(wire + length, 10, 3);
	assert_int_equal(segment(*state, 0, wire, length), 1);
	expect_last(*state, 10, 3);
}

static void test_largest_message(void **state)
{
	struct output *output = *state;
	size_t length = build(wire, 65535, 1);

	length += build(wire + length, 65535, 2);
	for (size_t i = 0; i < length; i += 1448)
		segment(output, i, wire, length - i < 1448 ? length - i : 1448);
	assert_int_equal(output->count, 2);
	expect_last(output, 65535, 2);
	build(wire, 65535, 3);
	assert_int_equal(segment_at(output, length, wire, 65537, SECOND), 1); /* in one */
	expect_last(output, 65535, 3);
}

static void test_segment_larger_than_the_window(void **state)
{
	struct output *output = *state;
	size_t length = 0;

	while (length < sizeof(wire) - 20002)
		length += build(wire + length, 20000, 4);
	assert_int_equal(segment(output, 0, wire, length), length / 20002);
	expect_last(output, 20000, 4);
}

static void test_repeated_segments(void **state)
{
	struct output *output = *state;
	size_t length = build(wire, 100, 1);

	segment(output, 0, wire, 60);
	segment(output, 0, wire, 60);
	segment(output, 10, wire, 50);
	segment(output, 40, wire, 40); /* overlaps */
	assert_int_equal(segment(output, 60, wire, length - 60), 1);
	assert_int_equal(segment(output, 0, wire, length), 0);
	assert_int_equal(segment(output, 60, wire, length - 60), 0);
	assert_int_equal(output->count, 1);
	expect_last(output, 100, 1);
}

static void test_first_copy_counts(void **state)
{
	uint8_t other[102];
	size_t length = build(wire, 100, 1);

	memset(other, 0xff, sizeof(other));
	segment(*state, 0, wire, 50);
	segment_at(*state, 2, other, 40, SECOND);
	segment(*state, 50, wire, length - 50);
	expect_last(*state, 100, 1);
}

static void test_out_of_order(void **state)
{
	struct output *output = *state;
	size_t length = 0;

	for (int i = 0; i < 5; i++)
		length += build(wire + length, 100, i);
	for (size_t i = length - 10; i > 0; i -= 10)
		assert_int_equal(segment(output, i, wire, 10), 0);
	assert_int_equal(segment(output, 0, wire, 10), 5);
	expect_last(output, 100, 4);
}

static void test_shuffled(void **state)
{
	struct output *output = *state;
	enum { MESSAGES = 40, PIECES = 100 };
	size_t length = 0;
	size_t order[PIECES];

	srandom(2);
	for (int i = 0; i < MESSAGES; i++)
		length += build(wire + length, 1 + random() % 900, i);
	for (size_t i = 0; i < PIECES; i++)
		order[i] = i;
	for (size_t i = PIECES - 1; i > 0; i--) {
		size_t j = random() % (i + 1);
		size_t swapped = order[i];

		order[i] = order[j];
		order[j] = swapped;
	}
	for (size_t i = 0; i < PIECES; i++) {
		size_t from = order[i] * length / PIECES;
		size_t to = (order[i] + 1) * length / PIECES;

		if (from > 3)
			from -= random() % 4; /* overlap a little */
		segment(output, from, wire, to - from);
	}
	assert_int_equal(output->count, MESSAGES);
	assert_int_equal(output->bytes, length - 2 * MESSAGES);
}

static void test_unknown_connections_are_ignored(void **state)
{
	struct output *output = *state;
	size_t length = build(wire, 100, 1);

	assert_int_equal(dns_stream__segment(output->streams, 8, FIRST, wire, length, length, 1),
			 0);
	assert_int_equal(output->count, 0);
	assert_int_equal(dns_stream__count(output->streams), 1);
}

static void test_connections_dont_mix(void **state)
{
	struct output *output = *state;
	size_t length = build(wire, 100, 1);

	dns_stream__start(output->streams, 8, 1000, SECOND);
	segment(output, 0, wire, 50);
	dns_stream__segment(output->streams, 8, 1000, wire, 60, 60, SECOND);
	assert_int_equal(segment(output, 50, wire, length - 50), 1);
	assert_int_equal(dns_stream__segment(output->streams, 8, 1060, wire + 60, length - 60,
					     length - 60, SECOND),
			 1);
	expect_last(output, 100, 1);
}

/* Of a segment of `length` bytes, the first `captured`. */
static int segment_in_part(struct output *output, uint32_t offset, size_t captured, size_t length)
{
	return dns_stream__segment(output->streams, CONNECTION, FIRST + offset, wire, captured,
				   length, SECOND);
}

static void test_segments_captured_in_part(void **state)
{
	struct output *output = *state;
	size_t length = build(wire, 1000, 1);

	assert_int_equal(segment_in_part(output, 0, 402, length), 1);
	expect_last(output, 400, 1); /* as far as it goes */
	build(wire, 50, 2);
	assert_int_equal(segment_in_part(output, 1002, 52, 52), 1);
	expect_last(output, 50, 2);
	assert_int_equal(segment_in_part(output, 1054, 2, 2), 0);
	assert_int_equal(
		dns_stream__segment(output->streams, CONNECTION, FIRST + 1056, NULL, 0, 50, SECOND),
		0);
	assert_int_equal(segment_in_part(output, 1106, 52, 52), 1);
	assert_int_equal(dns_stream__count(output->streams), 1);
}

static void test_length_field_not_captured(void **state)
{
	struct output *output = *state;
	size_t length = build(wire, 100, 1);

	length += build(wire + length, 50, 2);
	assert_int_equal(segment_in_part(output, 0, 103, length), 1);
	expect_last(output, 100, 1);
	assert_int_equal(dns_stream__count(output->streams), 0); /* no longer followed */
	assert_int_equal(segment_in_part(output, length, 102, 102), 0);
}

static void test_lost_segment_within_a_message(void **state)
{
	struct output *output = *state;
	size_t length = build(wire, 300, 1);

	length += build(wire + length, 50, 2);
	segment_at(output, 0, wire, 100, SECOND);
	segment_at(output, 200, wire + 200, length - 200, SECOND);
	assert_int_equal(output->count, 0); /* it may still come */
	segment_at(output, length, wire, 1, SECOND + DNS_STREAM_GAP_NS);
	assert_int_equal(output->count, 0);
	assert_int_equal(segment_at(output, length, wire, 1, SECOND + DNS_STREAM_GAP_NS + 1), 2);
	expect_last(output, 50, 2);
	assert_int_equal(output->bytes, 98 + 50);
	assert_int_equal(dns_stream__count(output->streams), 1);
}

static void test_lost_segment_with_a_length_field(void **state)
{
	struct output *output = *state;
	size_t length = build(wire, 300, 1);

	length += build(wire + length, 50, 2);
	segment_at(output, 0, wire, 301, SECOND);
	segment_at(output, 303, wire + 303, length - 303, SECOND);
	assert_int_equal(segment_at(output, length, wire, 1, SECOND + DNS_STREAM_GAP_NS + 1), 1);
	expect_last(output, 299, 1);
	assert_int_equal(dns_stream__count(output->streams), 0);
}

static void test_a_gap_counts_from_what_follows_it(void **state)
{
	struct output *output = *state;
	size_t length = build(wire, 300, 1);

	/* a slow server is no loss */
	segment_at(output, 0, wire, 100, SECOND);
	segment_at(output, 200, wire + 200, 10, 60 * SECOND);
	segment_at(output, 210, wire + 210, length - 210, 61 * SECOND);
	assert_int_equal(segment_at(output, 100, wire + 100, 100, 61 * SECOND), 1);
	expect_last(output, 300, 1);
}

static void test_each_gap_has_its_own_time(void **state)
{
	struct output *output = *state;
	size_t length = build(wire, 500, 1);

	segment_at(output, 100, wire + 100, 100, 1 * SECOND); /* two gaps */
	segment_at(output, 300, wire + 300, 100, 1 * SECOND);
	segment_at(output, 0, wire, 100, 2 * SECOND); /* the first is filled */
	/* the second isn't overdue */
	assert_int_equal(segment_at(output, 400, wire + 400, length - 400, 7 * SECOND / 2), 0);
	assert_int_equal(segment_at(output, 200, wire + 200, 100, 7 * SECOND / 2), 1);
	expect_last(output, 500, 1);
}

static void test_loss_that_the_window_cannot_hold(void **state)
{
	struct output *output = *state;
	size_t length = 0;

	while (length < 200000)
		length += build(wire + length, 998, 1);
	/* 10 bytes in the first message are lost, and data comes faster than the clock goes */
	segment(output, 0, wire, 500);
	for (size_t i = 510; i < length; i += 1000)
		segment(output, i, wire, length - i < 1000 ? length - i : 1000);
	assert_int_equal(output->count, length / 1000);
	assert_int_equal(output->bytes, length / 1000 * 998 - (998 - 498));
	assert_int_equal(dns_stream__count(output->streams), 1);
}

static void test_jump_far_ahead(void **state)
{
	struct output *output = *state;
	size_t length = build(wire, 1000, 1);

	segment(output, 0, wire, 500);
	assert_int_equal(segment_at(output, 1 << 30, wire, length, SECOND), 1);
	expect_last(output, 498, 1);
	assert_int_equal(dns_stream__count(output->streams), 0);
}

static void test_jump_to_the_window_end(void **state)
{
	struct output *output = *state;

	build(wire, 65535, 1);
	segment(output, 0, wire, 500);
	build(wire, 20, 2);
	assert_int_equal(segment_at(output, DNS_STREAM_WINDOW, wire, 22, SECOND), 2);
	expect_last(output, 20, 2);
	assert_int_equal(output->bytes, 498 + 20);
}

static void test_start_repeated(void **state)
{
	struct output *output = *state;
	size_t length = build(wire, 100, 1);

	segment(output, 0, wire, 50);
	assert_int_equal(dns_stream__start(output->streams, CONNECTION, FIRST, SECOND), 0);
	assert_int_equal(segment(output, 50, wire, length - 50), 1);
	segment(output, length, wire, 50);
	assert_int_equal(dns_stream__start(output->streams, CONNECTION, 5, SECOND), 0);
	assert_int_equal(
		dns_stream__segment(output->streams, CONNECTION, 5, wire, length, length, SECOND),
		1);
	assert_int_equal(dns_stream__count(output->streams), 1);
}

static void test_idle_connections_go(void **state)
{
	struct output *output = *state;
	uint64_t limit_ns = SECOND + DNS_STREAM_IDLE_NS;

	dns_stream__start(output->streams, 8, 0, 2 * SECOND);
	segment_at(output, 0, wire, 0, limit_ns); /* just in time */
	dns_stream__start(output->streams, 9, 0, limit_ns + SECOND + 1);
	assert_int_equal(dns_stream__count(output->streams), 2); /* 8 went */
	build(wire, 10, 1);
	assert_int_equal(dns_stream__segment(output->streams, 8, 0, wire, 12, 12, limit_ns), 0);
	assert_int_equal(segment_at(output, 0, wire, 12, limit_ns), 1);
}

static void test_the_longest_silent_goes_first(void **state)
{
	struct output *output = *state;

	build(wire, 10, 1);
	for (uint64_t i = 1; i < DNS_STREAM_MAX_CONNECTIONS; i++)
		dns_stream__start(output->streams, 100 + i, 0, SECOND);
	segment(output, 0, wire, 5);
	for (uint64_t i = 0; i < 10; i++)
		dns_stream__start(output->streams, 200 + i, 0, SECOND);
	assert_int_equal(dns_stream__count(output->streams), DNS_STREAM_MAX_CONNECTIONS);
	assert_int_equal(segment(output, 5, wire, 7), 1);
	assert_int_equal(dns_stream__segment(output->streams, 110, 0, wire, 12, 12, SECOND), 0);
	assert_int_equal(dns_stream__segment(output->streams, 111, 0, wire, 12, 12, SECOND), 1);
}

/* 0 where malloc() isn't glibc's, as under sanitizers and valgrind. */
static void test_memory_is_bounded(void **state)
{
	struct output *output = *state;
	size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
	size_t used;

	memset(wire, 0xff, sizeof(wire));
	for (uint64_t i = 0; i < 3 * DNS_STREAM_MAX_CONNECTIONS; i++) {
		dns_stream__start(output->streams, 1000 + i, 0, SECOND);
		dns_stream__segment(output->streams, 1000 + i, 1, wire, 65535, 65535, SECOND);
	}
	used = mallinfo2().uordblks + mallinfo2().hblkhd - before;
	print_message("[   INFO   ] all connections full: %zu bytes\n", used);
	assert_true(used <= DNS_STREAM_MAX_BYTES);
	assert_int_equal(dns_stream__count(output->streams), DNS_STREAM_MAX_CONNECTIONS);
}

static void test_random_segments(void **state)
{
	struct output *output = *state;

	srandom(3);
	for (size_t i = 0; i < sizeof(wire); i++)
		wire[i] = random() % 8 ? 0 : random();
	for (int i = 0; i < 20000; i++) {
		uint64_t connection = random() % 100;
		size_t length = random() % 5 ? random() % 100 : random() % 100000;
		size_t captured = random() % 3 ? length : random() % (length + 1);

		if (random() % 4 == 0)
			dns_stream__start(output->streams, connection, 0, i * SECOND / 10);
		else
			dns_stream__segment(output->streams, connection, random() % 100000, wire,
					    captured, length, i * SECOND / 10);
		assert_true(dns_stream__count(output->streams) <= DNS_STREAM_MAX_CONNECTIONS);
	}
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_one_segment),
		TEST(test_byte_by_byte),
		TEST(test_several_in_one_segment),
		TEST(test_cut_anywhere),
		TEST(test_empty_messages_are_skipped),
		TEST(test_largest_message),
		TEST(test_segment_larger_than_the_window),
		TEST(test_repeated_segments),
		TEST(test_first_copy_counts),
		TEST(test_out_of_order),
		TEST(test_shuffled),
		TEST(test_unknown_connections_are_ignored),
		TEST(test_connections_dont_mix),
		TEST(test_segments_captured_in_part),
		TEST(test_length_field_not_captured),
		TEST(test_lost_segment_within_a_message),
		TEST(test_lost_segment_with_a_length_field),
		TEST(test_a_gap_counts_from_what_follows_it),
		TEST(test_each_gap_has_its_own_time),
		TEST(test_loss_that_the_window_cannot_hold),
		TEST(test_jump_far_ahead),
		TEST(test_jump_to_the_window_end),
		TEST(test_start_repeated),
		TEST(test_idle_connections_go),
		TEST(test_the_longest_silent_goes_first),
		TEST(test_memory_is_bounded),
		TEST(test_random_segments),
	};

	return cmocka_run_group_tests_name("dns_stream", tests, NULL, NULL);
}
