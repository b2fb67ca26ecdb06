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
	/* struct message_event, then a DNS message that came from port 53, maybe cut short */
	EVENT_DNS_MESSAGE = 2,
	/* struct packet_event, then a packet that came for who asked port 53, maybe cut short */
	EVENT_DNS_PACKET = 3,
	/* struct name_event: a name that the C library found an address for */
	EVENT_NAME = 4,
	/* struct connection_event: a question over TCP, the first seen on a connection made before */
	EVENT_DNS_CONNECTION = 5,
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

/*
 * How the tool shows a member of struct event is said by its type's name. An integer of another
 * type is a number, an array of char a text, any other array hexadecimal digits.
 */
typedef __s32 connect_result;	/* RESULT_OK, an errno, or one of those below it */
typedef __s32 errno_number;	/* 0, or an errno: shown by its name */
typedef __u64 duration_ns;	/* shown in milliseconds; NAME_ns is called NAME_ms */
typedef __u8 ip_address[16];	/* of the event's family, as saddr */
typedef __u8 mapped_address[16];	/* IPv6, IPv4 as ::ffff:a.b.c.d; zero: the same as daddr */
typedef __u16 network_port;	/* in network order */
typedef __u32 hex_number;	/* shown in hexadecimal, as a socket's mark */
typedef __u64 cgroup_number;/* shown as the path in the hierarchy */
typedef char path_parts[512];	/* names with a zero behind each, the last part of the path first */
typedef char argument_list[256];	/* arguments with a zero behind each */

/* These are for the tool itself, and no column. */
typedef __u64 names_netns;	/* of the socket; 0: not known (probes/names.h) */
typedef __u32 names_parents[4];	/* thread groups, the nearest first; 0: not known */

#define RESULT_OK	0
#define RESULT_CLOSED	-1	/* the program gave up first */
#define RESULT_PENDING	-2	/* under way when tracing ended */

/* What the columns bring along that were asked for. */
#if defined(COLUMN_RESULT) || defined(COLUMN_LATENCY_MS) || defined(COLUMN_ERRNO)
#define WITH_RESULT
#endif
#if defined(COLUMN_CGROUP) || defined(COLUMN_CONTAINER)
#define WITH_CGROUP
#endif

/*
 * A connect. The first members are those of struct event_head; the tool refuses another beginning,
 * up to comm. What stands behind may be edited: each member is a column.
 */
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
#ifdef COLUMN_ASKED
	mapped_address asked;	/* the address that the process gave, before a cgroup program rewrote it */
#endif
#ifdef WITH_RESULT
	connect_result result;
	duration_ns latency_ns;	/* from the connect to its result */
#endif
#ifdef COLUMN_PPID
	__u32 ppid;		/* the parent's thread group */
#endif
#ifdef PID_NAMESPACE
	__u32 ns_pid;		/* pid, tid and ppid as the tool's PID namespace numbers them; 0: it */
	__u32 ns_tid;		/* has no number for what is outside of it */
#ifdef COLUMN_PPID
	__u32 ns_ppid;
#endif
#endif
#ifdef COLUMN_PROCESS
	char process[16];	/* the main thread's name */
#endif
#ifdef COLUMN_HOST
	char host[64];		/* the UTS namespace's node name */
#endif
#ifdef COLUMN_NETNS
	__u32 netns;		/* inode numbers of namespaces, as in /proc/PID/ns */
#endif
#ifdef COLUMN_MNTNS
	__u32 mntns;
#endif
#ifdef WITH_CGROUP
	cgroup_number cgroup;
#endif
#ifdef WITH_NAMES
	names_netns asker_netns;
	names_parents asker_parents;
#endif
#ifdef COLUMN_EXE
	path_parts exe;		/* the program's file, within the process's root */
#endif
#ifdef COLUMN_ARGS
	argument_list args;	/* the beginning of the command line */
#endif
};

/* One address of a name. */
#define NAME_MAX_BYTES 256

struct name_event {
	struct event_head head;
	__u64 netns;			/* of the process, as asker_netns above */
	__u8 address[16];		/* as daddr above */
	char name[NAME_MAX_BYTES];	/* as the process wrote it, terminated */
};

/* What goes before a DNS message. */
struct message_event {
	struct event_head head;
	__u64 netns;		/* of the receiving socket, as asker_netns above */
};

/* What goes before a packet. */
struct packet_event {
	struct event_head head;
	__u64 netns;		/* likewise */
	__u64 connection;	/* the receiving socket's cookie */
	__u64 size;		/* bytes of the packet, of which the first follow */
};

/*
 * The tool's own call, by which it finds out whether the hooks fire: a connect to this address, port
 * 0, with the family that the socket is not of. It is 255.255.255.255, in any order.
 */
#define FIRING_ADDRESS 0xffffffff

/* Where a connection's next answer begins, all others having come. */
struct connection_event {
	struct event_head head;
	__u64 connection;	/* the asking socket's cookie */
	__u32 sequence;		/* TCP's number of the answer's first byte */
	__u32 unused;
};

/* What a process has in common with others that run with the same C library. */
struct process_key {
	__u64 root;		/* the root directory, by where the kernel keeps it */
	__u64 exe_inode;
	__u32 exe_device;	/* as the kernel writes it */
	__u32 mntns;		/* inode number, as in /proc/PID/ns */
};

/* A program was executed, the first with this key for a while. */
struct process_start {
	struct process_key key;
	__u32 pid;
	__u32 unused;
};

/* What could not be kept, by reason: the tool reports each that is not zero. */
enum loss {
	LOSS_RETURN_MISSED,	/* connects whose return the kernel did not probe */
	LOSS_CONNECTING_FULL,	/* connects that did not fit into `connecting` */
	LOSS_NOT_COUNTED,	/* connects whose flow did not fit into `flows` */
	LOSS_CONNECT_EVENT,	/* connects that found the perf buffer full */
	LOSS_DNS_EVENT,		/* DNS messages that did */
	LOSS_NO_BUFFER,		/* events on a CPU that has just come online */
	LOSS_PENDING_FULL,	/* connects that did not fit into `pending` */
	LOSS_DNS_QUESTION,	/* DNS questions that did not fit beside others of their socket */
	LOSS_LIBC_LOOKUP,	/* look-ups that were pushed out of `libc_lookups` */
	LOSS_LIBC_ADDRESSES,	/* look-ups with more addresses than are read */
	LOSS_PROCESS_START,	/* starts of processes that found `process_starts` full */
	LOSS_KINDS,
};

/* The value of the map `losses`. */
struct losses {
	__u64 count[LOSS_KINDS];
};

/* Connects that are counted together: the key of the map `flows`, and its value. */
struct flow {
	__u8 saddr[16];	/* as in struct event */
	__u8 daddr[16];
	__u16 family;
	__u16 dport;	/* host order */
};

struct flow_count {
	__u64 connects;
	__u64 failed;	/* of these, with another result than RESULT_OK */
};

#endif
