/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "dns_stream.h"

#define LENGTH_SIZE	  2
#define SMALLEST_CAPACITY 512

/* What is known of a byte in the window. */
enum mark {
	MISSING, /* may still come */
	PRESENT,
	LOST, /* won't come; what follows it doesn't wait */
};

/* One connection. The window starts at the length field of the next message. */
struct stream {
	uint64_t connection;
	uint64_t active_ns; /* when something came last */
	uint64_t gap_ns; /* since when `gap` is missing while later bytes are there; 0: it isn't */
	uint32_t first;	 /* sequence number of the connection's first byte */
	uint32_t start;	 /* sequence number of the window's first byte */
	uint32_t gap;	 /* sequence number of the first missing byte */
	size_t capacity; /* allocated, each, for the bytes and their marks */
	size_t end;	 /* behind the last byte that isn't missing */
	size_t known;	 /* bytes from the start of which none is missing */
	uint8_t *bytes;
	uint8_t *marks;
	UT_hash_handle hh;
};

struct dns_stream {
	struct stream *streams; /* uthash keeps the order of adding: the longest silent first */
	dns_stream_message_fn message;
	void *context;
};

/* A piece of the byte stream on its way into a window. */
struct piece {
	uint32_t sequence;
	const uint8_t *bytes;
	size_t captured;
	size_t length;
	uint64_t time_ns;
};

static void piece__skip(struct piece *piece, size_t count)
{
	size_t captured = count < piece->captured ? count : piece->captured;

	piece->sequence += count;
	if (captured > 0) /* NULL is fine for a piece of which nothing was captured */
		piece->bytes += captured;
	piece->captured -= captured;
	piece->length -= count;
}

static void stream__forget_bytes(struct stream *stream)
{
	free(stream->bytes);
	free(stream->marks);
	stream->bytes = NULL;
	stream->marks = NULL;
	stream->capacity = 0;
	stream->end = 0;
	stream->known = 0;
}

static void stream__free(struct stream *stream)
{
	stream__forget_bytes(stream);
	free(stream);
}

static int stream__reserve(struct stream *stream, size_t needed)
{
	size_t capacity = stream->capacity ? stream->capacity : SMALLEST_CAPACITY;
	uint8_t *bytes;
	uint8_t *marks;

	if (needed <= stream->capacity)
		return 0;
	while (capacity < needed)
		capacity *= 2;
	if (capacity > DNS_STREAM_WINDOW)
		capacity = DNS_STREAM_WINDOW;
	bytes = realloc(stream->bytes, capacity);
	if (!bytes)
		return -ENOMEM;
	stream->bytes = bytes;
	marks = realloc(stream->marks, capacity);
	if (!marks)
		return -ENOMEM;
	stream->marks = marks;
	memset(marks + stream->capacity, MISSING, capacity - stream->capacity);
	stream->capacity = capacity;
	return 0;
}

/* Put the first `count` bytes of a piece at `offset`, for which there is room. */
static void stream__put(struct stream *stream, size_t offset, const struct piece *piece,
			size_t count)
{
	size_t captured = count < piece->captured ? count : piece->captured;
	uint8_t *bytes = stream->bytes + offset;
	uint8_t *marks = stream->marks + offset;
	size_t i;

	/* where something may have come before, its first copy counts */
	for (i = 0; i < count && offset + i < stream->end; i++) {
		if (i < captured && marks[i] != PRESENT) {
			bytes[i] = piece->bytes[i];
			marks[i] = PRESENT;
		} else if (marks[i] == MISSING) {
			marks[i] = LOST;
		}
	}
	if (i < captured) {
		memcpy(bytes + i, piece->bytes + i, captured - i);
		memset(marks + i, PRESENT, captured - i);
		i = captured;
	}
	memset(marks + i, LOST, count - i);
	if (stream->end < offset + count)
		stream->end = offset + count;
}

/* Put into the window what of a piece lies in it, and shorten the piece by that. */
static int stream__fill(struct stream *stream, struct piece *piece)
{
	int32_t ahead = (int32_t)(piece->sequence - stream->start);
	size_t offset;
	size_t count;
	int err;

	if (ahead < 0) { /* seen before */
		uint32_t behind = stream->start - piece->sequence;

		piece__skip(piece, behind < piece->length ? behind : piece->length);
		ahead = 0;
	}
	if (piece->length == 0 || ahead >= DNS_STREAM_WINDOW)
		return 0;
	offset = ahead;
	count = DNS_STREAM_WINDOW - offset;
	if (count > piece->length)
		count = piece->length;
	err = stream__reserve(stream, offset + count);
	if (err)
		return err;
	stream__put(stream, offset, piece, count);
	piece__skip(piece, count);
	return 0;
}

static void stream__find_known(struct stream *stream)
{
	const uint8_t *missing = NULL;

	if (stream->known < stream->end)
		missing =
			memchr(stream->marks + stream->known, MISSING, stream->end - stream->known);
	stream->known = missing ? (size_t)(missing - stream->marks) : stream->end;
}

static void stream__consume(struct stream *stream, size_t count)
{
	size_t left = stream->end - count;

	stream->start += count;
	if (left == 0) {
		stream__forget_bytes(stream);
		return;
	}
	memmove(stream->bytes, stream->bytes + count, left);
	memmove(stream->marks, stream->marks + count, left);
	memset(stream->marks + left, MISSING, count);
	stream->end = left;
	stream->known -= count;
}

/*
 * Hand out the messages at the window's start of which nothing is missing, and count them. False
 * where it isn't known any more where messages begin.
 */
static bool stream__deliver(const struct dns_stream *streams, struct stream *stream,
			    uint64_t time_ns, int *delivered)
{
	size_t used = 0;
	bool in_step = true;

	stream__find_known(stream);
	while (stream->known - used >= LENGTH_SIZE) {
		const uint8_t *message = stream->bytes + used + LENGTH_SIZE;
		const uint8_t *marks = stream->marks + used + LENGTH_SIZE;
		const uint8_t *lost;
		size_t length;

		in_step = marks[-2] == PRESENT && marks[-1] == PRESENT;
		if (!in_step)
			break;
		length = (size_t)message[-2] << 8 | message[-1];
		if (stream->known - used < LENGTH_SIZE + length)
			break;
		used += LENGTH_SIZE + length;
		lost = memchr(marks, LOST, length);
		if (lost)
			length = lost - marks;
		if (length > 0) {
			streams->message(message, length, time_ns, streams->context);
			(*delivered)++;
		}
	}
	if (used > 0)
		stream__consume(stream, used);
	return in_step;
}

/* What is missing up to `end` won't come. */
static int stream__give_up(struct stream *stream, size_t end)
{
	int err = stream__reserve(stream, end);

	if (err)
		return err;
	for (size_t i = stream->known; i < end; i++) {
		if (stream->marks[i] == MISSING)
			stream->marks[i] = LOST;
	}
	if (stream->end < end)
		stream->end = end;
	return 0;
}

/* Whether what is missing has been for too long, given that something came at `now_ns`. */
static bool stream__gap_is_old(struct stream *stream, uint64_t now_ns)
{
	uint32_t gap = stream->start + (uint32_t)stream->known;

	if (stream->known == stream->end) {
		stream->gap_ns = 0;
		return false;
	}
	if (stream->gap_ns == 0 || gap != stream->gap) {
		stream->gap = gap;
		stream->gap_ns = now_ns;
		return false;
	}
	return now_ns > stream->gap_ns && now_ns - stream->gap_ns > DNS_STREAM_GAP_NS;
}

/* Returns 0, or a negative errno, with which the stream is of no more use. */
static int stream__take(const struct dns_stream *streams, struct stream *stream,
			struct piece *piece, int *delivered)
{
	for (;;) {
		size_t length = piece->length;
		uint32_t start = stream->start;
		int err = stream__fill(stream, piece);

		if (err)
			return err;
		if (!stream__deliver(streams, stream, piece->time_ns, delivered))
			return -EBADMSG;
		if (piece->length == 0 && !stream__gap_is_old(stream, piece->time_ns))
			return 0;
		if (piece->length > 0 && (piece->length < length || stream->start != start))
			continue;
		/* the piece lies beyond the window, or what is missing is long overdue */
		err = stream__give_up(stream, piece->length > 0 ? DNS_STREAM_WINDOW : stream->end);
		if (err)
			return err;
	}
}

static void dns_stream__remove(struct dns_stream *streams, struct stream *stream)
{
	HASH_DEL(streams->streams, stream);
	stream__free(stream);
}

static struct stream *dns_stream__find(const struct dns_stream *streams, uint64_t connection)
{
	struct stream *stream;

	HASH_FIND(hh, streams->streams, &connection, sizeof(connection), stream);
	return stream;
}

/* Put a stream behind all others. On failure it is freed. */
static int dns_stream__append(struct dns_stream *streams, struct stream *stream)
{
	HASH_ADD(hh, streams->streams, connection, sizeof(stream->connection), stream);
	if (stream->hh.tbl)
		return 0;
	stream__free(stream);
	return -ENOMEM;
}

static void dns_stream__remove_oldest(struct dns_stream *streams)
{
	assert(!streams->streams->hh.prev); /* for static analysis, which can't know */
	dns_stream__remove(streams, streams->streams);
}

static void dns_stream__remove_idle(struct dns_stream *streams, uint64_t now_ns)
{
	while (streams->streams && now_ns > streams->streams->active_ns &&
	       now_ns - streams->streams->active_ns > DNS_STREAM_IDLE_NS)
		dns_stream__remove_oldest(streams);
}

/* The stream of a connection, moved behind the others, since something came. */
static struct stream *dns_stream__wake(struct dns_stream *streams, uint64_t connection,
				       uint64_t now_ns)
{
	struct stream *stream;

	dns_stream__remove_idle(streams, now_ns);
	stream = dns_stream__find(streams, connection);
	if (!stream)
		return NULL;
	HASH_DEL(streams->streams, stream);
	stream->active_ns = now_ns;
	return dns_stream__append(streams, stream) == 0 ? stream : NULL;
}

static int dns_stream__take(struct dns_stream *streams, struct stream *stream, struct piece *piece)
{
	int delivered = 0;
	int err;

	if (piece->captured > piece->length)
		piece->captured = piece->length;
	err = stream__take(streams, stream, piece, &delivered);
	if (err)
		dns_stream__remove(streams, stream);
	return err == -ENOMEM ? err : delivered;
}

int dns_stream__new(struct dns_stream **out, dns_stream_message_fn message, void *context)
{
	struct dns_stream *streams = calloc(1, sizeof(*streams));

	if (!streams)
		return -ENOMEM;
	streams->message = message;
	streams->context = context;
	*out = streams;
	return 0;
}

void dns_stream__free(struct dns_stream *streams)
{
	if (!streams)
		return;
	while (streams->streams)
		dns_stream__remove_oldest(streams);
	free(streams);
}

int dns_stream__start(struct dns_stream *streams, uint64_t connection, uint32_t sequence,
		      uint64_t time_ns)
{
	struct stream *stream;

	dns_stream__remove_idle(streams, time_ns);
	stream = dns_stream__find(streams, connection);
	if (stream && stream->first == sequence)
		return 0;
	if (stream)
		dns_stream__remove(streams, stream);
	while (HASH_COUNT(streams->streams) >= DNS_STREAM_MAX_CONNECTIONS)
		dns_stream__remove_oldest(streams);
	stream = calloc(1, sizeof(*stream));
	if (!stream)
		return -ENOMEM;
	stream->connection = connection;
	stream->active_ns = time_ns;
	stream->first = sequence;
	stream->start = sequence;
	return dns_stream__append(streams, stream);
}

int dns_stream__segment(struct dns_stream *streams, uint64_t connection, uint32_t sequence,
			const uint8_t *bytes, size_t captured, size_t length, uint64_t time_ns)
{
	struct piece piece = {sequence, bytes, captured, length, time_ns};
	struct stream *stream = dns_stream__wake(streams, connection, time_ns);

	return stream ? dns_stream__take(streams, stream, &piece) : 0;
}

size_t dns_stream__count(const struct dns_stream *streams)
{
	return HASH_COUNT(streams->streams);
}
