/* SPDX-License-Identifier: Apache-2.0 */
/* The layout of an event with optional members, as an object's BTF would tell it. */
#ifndef TCPCONNECT_EVENT_MEMBERS_H
#define TCPCONNECT_EVENT_MEMBERS_H

#include <stddef.h>

#include "trace/event.h"
#include "trace/event_layout.h"

/* What an edited probe and columns add. */
struct wide_event {
	struct event event;
	connect_result result;
	__u32 tos;
	duration_ns latency_ns;
	cgroup_number cgroup;
	ip_address next_hop;
	char exe_name[8];
	__u8 bytes[3];
	path_parts exe;
	argument_list args;
	__u32 ns_pid;
	__u32 ns_tid;
	names_netns asker_netns; /* no columns */
	names_parents asker_parents;
};

#define FIXED(member, word, ...)                                                           \
	{                                                                                  \
		.name = #member, .type = word, .offset = offsetof(struct event, member),   \
		.size = sizeof(((struct event *)0)->member), .is_fixed = true, __VA_ARGS__ \
	}

#define ADDED(member, word, ...)                                                              \
	{                                                                                     \
		.name = #member, .type = word, .offset = offsetof(struct wide_event, member), \
		.size = sizeof(((struct wide_event *)0)->member), __VA_ARGS__                 \
	}

#define FIXED_MEMBERS 12
#define ALL_MEMBERS   23

static struct event_member event_members[] = {
	FIXED(time_ns, "__u64"),
	FIXED(pid, "__u32"),
	FIXED(tid, "__u32"),
	FIXED(length, "__u32"),
	FIXED(kind, "__u16"),
	FIXED(family, "__u16"),
	FIXED(uid, "__u32"),
	FIXED(lport, "__u16"),
	FIXED(dport, "__u16"),
	FIXED(saddr, "__u8", .element = 1),
	FIXED(daddr, "__u8", .element = 1),
	FIXED(comm, "char", .element = 1, .is_char = true),
	ADDED(result, "connect_result", .is_signed = true),
	ADDED(tos, "u32"),
	ADDED(latency_ns, "duration_ns"),
	ADDED(cgroup, "cgroup_number"),
	ADDED(next_hop, "ip_address", .element = 1),
	ADDED(exe_name, "char", .element = 1, .is_char = true),
	ADDED(bytes, "u8", .element = 1),
	ADDED(exe, "path_parts", .element = 1, .is_char = true),
	ADDED(args, "argument_list", .element = 1, .is_char = true),
	ADDED(ns_pid, "__u32"),
	ADDED(ns_tid, "__u32"),
	ADDED(asker_netns, "names_netns"),
	ADDED(asker_parents, "names_parents", .element = 4),
};

/* The fixed members alone, or all of them. */
static inline struct event_layout layout_of(size_t count)
{
	return (struct event_layout){
		.members = event_members,
		.count = count,
		.size = count == FIXED_MEMBERS ? sizeof(struct event) : sizeof(struct wide_event),
	};
}

#endif
