/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a peer sends as one stream of bytes, and how it arrives: in pieces that repeat, overlap,
 * come out of order or never.
 *
 * Input: how often the stream is repeated (8 bits), its length (16 bits), the stream; then steps of
 * 8 bytes: what to do, a step of time (in 10 ms), offset (24 bits), length (24 bits).
 */
#include <sanitizer/allocator_interface.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "names/dns_stream.h"
#include "fuzz.h"

#define STEP_SIZE  8
#define MAX_STEPS  128			       /* more than connections are followed */
#define MAX_STREAM (DNS_STREAM_WINDOW + 10000) /* more would only be slow */
#define FIRST	   0xffffff00U

enum step {
	STEP_SEGMENT,
	STEP_SEGMENT_IN_PART, /* the last bytes weren't captured */
	STEP_NEXT,	      /* a segment of the second connection, right behind the one before */
	STEP_NEXT_IN_PART,
	STEP_START_AGAIN,
	STEP_NOISE, /* another connection, about which nothing is checked */
	STEP_COUNT,
};

/* What one connection has to bring out. */
struct expectation {
	const uint8_t *bytes;
	size_t length;
	uint8_t *arrived; /* a flag for each byte */
	size_t next;	  /* offset of the next message to come out */
	size_t position;  /* behind the last segment */
	size_t messages;  /* that came out */
	bool lossless;	  /* nothing was lost so far */
};

/* The callback's context: whose turn it is. NULL: nothing is checked. */
struct turn {
	struct expectation *expected;
};

/* The message at `at`, or false where the stream ends before it does. */
static bool message_at(const struct expectation *expected, size_t at, size_t *length)
{
	if (expected->length - at < 2)
		return false;
	*length = (size_t)expected->bytes[at] << 8 | expected->bytes[at + 1];
	return expected->length - at - 2 >= *length;
}

/* What comes out stands in the stream, in its order; all of it, where nothing was lost. */
static void check_message(const uint8_t *message, size_t length, uint64_t time_ns, void *context)
{
	struct expectation *expected = ((struct turn *)context)->expected;
	bool found = false;

	(void)time_ns;
	CHECK(length > 0 && length <= 65535);
	if (!expected)
		return;
	while (!found) {
		size_t at = expected->next;
		size_t sent;

		if (!message_at(expected, at, &sent)) {
			/* the last one, of which the stream holds only the beginning */
			CHECK(!expected->lossless && at + 2 <= expected->length);
			sent = expected->length - at - 2;
		}
		CHECK(at + 2 + sent < expected->length || length <= sent);
		found = length <= sent && memcmp(message, expected->bytes + at + 2, length) == 0;
		CHECK(!expected->lossless || sent == 0 || (found && length == sent));
		expected->next = at + 2 + sent;
	}
	expected->messages++;
}

/* Where nothing was lost, all that is complete is out. */
static void check_complete(const struct expectation *expected)
{
	const uint8_t *missing = memchr(expected->arrived, 0, expected->length);
	size_t known = missing ? (size_t)(missing - expected->arrived) : expected->length;
	size_t messages = 0;
	size_t length;

	for (size_t at = 0; message_at(expected, at, &length); at += 2 + length) {
		if (at + 2 + length > known)
			break;
		messages += length > 0;
	}
	CHECK(expected->messages == messages);
}

static int deliver(struct dns_stream *streams, uint64_t connection, size_t offset,
		   const uint8_t *bytes, size_t captured, size_t length, uint64_t time_ns)
{
	/* a copy of the exact size shows a read behind the end */
	uint8_t *copy = malloc(captured + !captured);
	int delivered;

	memcpy(copy, bytes, captured);
	delivered = dns_stream__segment(streams, connection, FIRST + (uint32_t)offset, copy,
					captured, length, time_ns);
	free(copy);
	return delivered;
}

static void arrive(struct dns_stream *streams, struct turn *turn, struct expectation *expected,
		   enum step step, size_t offset, size_t length, uint64_t time_ns)
{
	bool is_next = step == STEP_NEXT || step == STEP_NEXT_IN_PART;
	bool in_part = step == STEP_SEGMENT_IN_PART || step == STEP_NEXT_IN_PART;
	size_t before = expected->messages;
	size_t captured;
	int delivered;

	if (is_next)
		offset = expected->position;
	else if (offset > expected->length)
		offset = expected->length;
	if (length > expected->length - offset)
		length = expected->length - offset;
	captured = in_part ? length / 2 : length;
	expected->position = offset + length;
	expected->lossless &= captured == length;
	memset(expected->arrived + offset, 1, length);
	turn->expected = expected;
	delivered = deliver(streams, is_next, offset, expected->bytes + offset, captured, length,
			    time_ns);
	CHECK(delivered >= 0 && (size_t)delivered == expected->messages - before);
}

/* Runs the steps; connection 0 gets segments in any order, connection 1 in that of the stream. */
static void run(struct dns_stream *streams, struct turn *turn, struct expectation expected[2],
		const uint8_t *data, size_t size)
{
	uint64_t time_ns = 1000000000;

	if (size > MAX_STEPS * STEP_SIZE)
		size = MAX_STEPS * STEP_SIZE;
	for (; size >= STEP_SIZE; data += STEP_SIZE, size -= STEP_SIZE) {
		enum step step = data[0] % STEP_COUNT;
		size_t offset = (size_t)data[2] << 16 | data[3] << 8 | data[4];
		size_t length = (size_t)data[5] << 16 | data[6] << 8 | data[7];

		time_ns += data[1] * UINT64_C(10000000);
		/* overdue gaps are given up, idle connections go: from here on there is loss */
		expected[0].lossless &= time_ns <= 1000000000 + DNS_STREAM_GAP_NS;
		expected[1].lossless &= time_ns <= 1000000000 + DNS_STREAM_IDLE_NS;
		if (step == STEP_START_AGAIN) {
			if (!expected[0].lossless)
				expected[0].next = 0; /* it may begin anew */
			CHECK(dns_stream__start(streams, 0, FIRST, time_ns) == 0);
		} else if (step == STEP_NOISE) {
			turn->expected = NULL;
			if (offset & 1)
				CHECK(dns_stream__start(streams, 2 + offset % 70, 0, time_ns) == 0);
			if (dns_stream__count(streams) == DNS_STREAM_MAX_CONNECTIONS)
				expected[0].lossless = expected[1].lossless =
					false; /* may be gone */
			length = length < expected[0].length ? length : expected[0].length;
			CHECK(deliver(streams, 2 + offset % 70, offset, expected[0].bytes, length,
				      length, time_ns) >= 0);
		} else {
			bool is_next = step == STEP_NEXT || step == STEP_NEXT_IN_PART;

			arrive(streams, turn, &expected[is_next], step, offset, length, time_ns);
		}
		CHECK(dns_stream__count(streams) <= DNS_STREAM_MAX_CONNECTIONS);
	}
}

static uint8_t *build_stream(const uint8_t *bytes, size_t length, size_t total)
{
	uint8_t *stream = malloc(total + 1);

	for (size_t at = 0; at < total; at += length)
		memcpy(stream + at, bytes, length < total - at ? length : total - at);
	return stream;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t allocated = __sanitizer_get_current_allocated_bytes();
	struct expectation expected[2] = {0};
	struct dns_stream *streams;
	struct turn turn = {0};
	uint8_t *stream;
	size_t length;
	size_t total;

	if (size < 3)
		return 0;
	length = (size_t)data[1] << 8 | data[2];
	if (length > size - 3)
		length = size - 3;
	total = length * data[0] < MAX_STREAM ? length * data[0] : MAX_STREAM;
	stream = build_stream(data + 3, length, total);
	for (int i = 0; i < 2; i++) {
		expected[i].bytes = stream;
		expected[i].length = total;
		expected[i].arrived = calloc(1, total + 1);
		/* more may have to be held than can be, where segments leave gaps */
		expected[i].lossless = i == 1 || total <= DNS_STREAM_WINDOW;
	}
	CHECK(dns_stream__new(&streams, check_message, &turn) == 0);
	for (int i = 0; i < 2; i++)
		CHECK(dns_stream__start(streams, i, FIRST, 1000000000) == 0);
	run(streams, &turn, expected, data + 3 + length, size - 3 - length);
	for (int i = 0; i < 2; i++) {
		if (expected[i].lossless)
			check_complete(&expected[i]);
		free(expected[i].arrived);
	}
	free(stream);
	CHECK(__sanitizer_get_current_allocated_bytes() - allocated <= DNS_STREAM_MAX_BYTES);
	dns_stream__free(streams);
	CHECK(__sanitizer_get_current_allocated_bytes() == allocated);
	return 0;
}
