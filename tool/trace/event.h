/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the probes send: the same struct as in probes/event.h, which the object's BTF is held
 * against.
 */
#ifndef TCPCONNECT_EVENT_H
#define TCPCONNECT_EVENT_H

#include <stdint.h>

enum event_kind {
	EVENT_CONNECT = 1, /* a connect that went out; no payload */
	EVENT_DNS_MESSAGE =
		2, /* a datagram from port 53; payload: the DNS message, maybe cut short */
	EVENT_DNS_PACKET = 3, /* a packet from port 53; payload: for dns_packet__read() */
	EVENT_NAME = 4, /* a name that the C library found daddr for; payload: it, terminated */
};

/** One event, followed by `length` bytes of payload. */
struct event {
	uint64_t time_ns; /* CLOCK_MONOTONIC, taken in the kernel */
	uint16_t kind;	  /* enum event_kind */
	uint16_t family;  /* AF_INET or AF_INET6 */
	uint16_t lport;	  /* host order */
	uint16_t dport;	  /* host order */
	uint32_t pid;	  /* thread group */
	uint32_t tid;	  /* thread */
	uint32_t uid;
	uint32_t length;   /* bytes behind this struct */
	uint8_t saddr[16]; /* network order; IPv4 in the first four bytes, the rest zero */
	uint8_t daddr[16]; /* likewise */
	char comm[16];	   /* terminated, unless it fills the array */
};

#endif
