/* SPDX-License-Identifier: Apache-2.0 */
/* Takes apart a packet that came from a DNS server: which bytes of the DNS are in it. */
#ifndef TCPCONNECT_DNS_PACKET_H
#define TCPCONNECT_DNS_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * A UDP datagram, which is one DNS message, or a TCP segment, which is a piece of a stream of them.
 */
struct dns_packet {
	bool is_segment;      /* TCP */
	bool starts_stream;   /* TCP: the server's SYN */
	uint32_t sequence;    /* TCP: of the first byte of data */
	const uint8_t *bytes; /* within what was read */
	size_t captured;      /* bytes of data that are there, maybe none */
	size_t length;	      /* bytes of data that the packet had on the wire */
};

/**
 * @brief Take a packet apart: IPv4 (RFC 791) or IPv6 (RFC 8200), then UDP or TCP. Nothing in it is
 * trusted.
 * @param bytes, captured the packet's beginning, from its IP header on
 * @param size bytes of the whole packet
 * @param packet filled on success; points into the bytes
 * @return 0, or -EBADMSG for what is no such packet
 */
int dns_packet__read(const uint8_t *bytes, size_t captured, size_t size, struct dns_packet *packet);

#endif
