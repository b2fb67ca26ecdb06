/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * What goes from the probes to the tool. Both compilers read this file, so it includes nothing and
 * knows no types but the kernel's __u8 to __u64. The tool refuses probes whose struct event begins
 * otherwise than its own.
 */
#ifndef TCPCONNECT_PROBES_EVENT_H
#define TCPCONNECT_PROBES_EVENT_H

enum event_kind {
	/* struct event: a connect that went out */
	EVENT_CONNECT = 1,
	/* struct event_head, then a DNS message that came from port 53, maybe cut short */
	EVENT_DNS_MESSAGE = 2,
	/* struct packet_event, then a packet that came from port 53, maybe cut short */
	EVENT_DNS_PACKET = 3,
	/* struct name_event: a name that the C library found an address for */
	EVENT_NAME = 4,
};

/* How every event begins. */
struct event_head {
	__u64 time_ns;	/* CLOCK_MONOTONIC */
	__u32 pid;	/* thread group; 0: not known */
	__u32 tid;	/* thread; likewise */
	__u32 length;	/* bytes of the event behind this head */
	__u16 kind;	/* enum event_kind */
	__u16 family;	/* AF_INET or AF_INET6, where there is an address */
};

/* A connect. The first members are those of struct event_head. */
struct event {
	__u64 time_ns;
	__u32 pid;
	__u32 tid;
	__u32 length;
	__u16 kind;
	__u16 family;
	__u32 uid;
	__u16 lport;		/* host order */
	__u16 dport;		/* host order */
	__u8 saddr[16];		/* network order; IPv4 in the first four bytes, the rest zero */
	__u8 daddr[16];		/* likewise */
	char comm[16];		/* the thread's name, terminated unless it fills the array */
};

/* One address of a name. */
#define NAME_MAX_BYTES 256

struct name_event {
	struct event_head head;
	__u8 address[16];		/* as daddr above */
	char name[NAME_MAX_BYTES];	/* as the process wrote it, terminated */
};

/* What goes before a packet. */
struct packet_event {
	struct event_head head;
	__u64 connection;	/* the receiving socket's cookie */
	__u64 size;		/* bytes of the packet, of which the first follow */
};

/* What could not be kept, by reason: the tool reports each that is not zero. */
enum loss {
	LOSS_RETURN_MISSED,	/* connects whose return the kernel did not probe */
	LOSS_CONNECTING_FULL,	/* connects that did not fit into `connecting` */
	LOSS_NOT_COUNTED,	/* connects whose flow did not fit into `flows` */
	LOSS_CONNECT_EVENT,	/* connects that found the perf buffer full */
	LOSS_DNS_EVENT,		/* DNS messages that did */
	LOSS_NO_BUFFER,		/* events on a CPU that has come online since */
	LOSS_KINDS,
};

/* The value of the map `losses`. */
struct losses {
	__u64 count[LOSS_KINDS];
};

/* Connects that are counted together: the key of the map `flows`. */
struct flow {
	__u8 saddr[16];	/* as in struct event */
	__u8 daddr[16];
	__u16 family;
	__u16 dport;	/* host order */
};

#endif
