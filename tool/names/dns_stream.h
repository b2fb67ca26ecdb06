/* SPDX-License-Identifier: Apache-2.0 */
/* DNS over TCP (RFC 1035, section 4.2.2): what arrives on connections, put together to messages. */
#ifndef TCPCONNECT_DNS_STREAM_H
#define TCPCONNECT_DNS_STREAM_H

#include <stddef.h>
#include <stdint.h>

/** Connections followed at once; the one silent for longest goes first. */
#define DNS_STREAM_MAX_CONNECTIONS 64

/** A connection silent for 2 minutes is forgotten; servers mostly close after 10 to 30 seconds. */
#define DNS_STREAM_IDLE_NS (120 * UINT64_C(1000000000))

/**
 * Bytes that didn't come within 2 seconds of what follows them won't: TCP sends again after 0.2 to
 * 1 second (RFC 6298), so the tracer, not the network, has lost them.
 */
#define DNS_STREAM_GAP_NS (2 * UINT64_C(1000000000))

/** What is held of one connection: the largest message with its length field. */
#define DNS_STREAM_WINDOW (2 + 65535)

/** The most memory that all connections take, in bytes of the heap: each byte held has a mark. */
#define DNS_STREAM_MAX_BYTES (DNS_STREAM_MAX_CONNECTIONS * (2 * (size_t)DNS_STREAM_WINDOW + 512))

struct dns_stream;

/**
 * @brief Gets each message.
 * @param message without its length field; valid during the call
 * @param length in bytes, more than 0; less than announced if the rest was lost
 * @param time_ns of the segment that completed it
 * @param context as given to dns_stream__new(); must not use the dns_stream
 */
typedef void (*dns_stream_message_fn)(const uint8_t *message, size_t length, uint64_t time_ns,
				      void *context);

/**
 * @brief Make a reassembler that follows no connection yet.
 * @param out gets it; end it with dns_stream__free()
 * @return 0 or -ENOMEM
 */
int dns_stream__new(struct dns_stream **out, dns_stream_message_fn message, void *context);

/** @brief Free it, with whatever is incomplete. NULL is fine. */
void dns_stream__free(struct dns_stream *streams);

/**
 * @brief Follow a connection from its first byte on.
 *
 * Data of a connection that wasn't started is ignored: where a message begins is only known from
 * the start. Starting a known connection anew forgets what was held, unless *sequence* is the one
 * it was started with (the peer's SYN repeated).
 *
 * @param connection a number of the caller's choice, say the socket's cookie
 * @param sequence TCP sequence number of the first byte: the peer's initial one plus 1
 * @return 0 or -ENOMEM
 */
int dns_stream__start(struct dns_stream *streams, uint64_t connection, uint32_t sequence,
		      uint64_t time_ns);

/**
 * @brief Take a segment: repeated, out of order or overlapping, as TCP delivers them.
 *
 * What was lost costs the messages it was part of, which come out as far as they go; where the
 * length field of a message was lost, the connection is no longer followed.
 *
 * @param sequence TCP sequence number of the segment's first byte
 * @param bytes the first *captured* bytes of the segment
 * @param length of the segment on the wire; bytes that weren't captured count as lost
 * @return how many messages came out, or -ENOMEM, with the connection no longer followed
 */
int dns_stream__segment(struct dns_stream *streams, uint64_t connection, uint32_t sequence,
			const uint8_t *bytes, size_t captured, size_t length, uint64_t time_ns);

/** @brief How many connections are followed, at most DNS_STREAM_MAX_CONNECTIONS. */
size_t dns_stream__count(const struct dns_stream *streams);

#endif
