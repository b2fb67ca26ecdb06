// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * Names that the C library looked up, whichever way: /etc/hosts, a resolver over TLS, mDNS, a daemon
 * behind a socket. getaddrinfo() is entered with the name and returns a list of addresses; both are in
 * the process's memory. The layout is that of glibc and musl on 64-bit machines (netdb.h).
 */
#define LIBC_ADDRESSES_MAX 24	/* entries of the list: three for an address, unless hints say which */

struct libc_addrinfo {
	s32 flags;
	s32 family;
	s32 socktype;
	s32 protocol;
	u32 address_size;
	u32 unused;
	u64 address;
	u64 canonical_name;
	u64 next;
};

struct libc_lookup {
	u64 name;	/* the first argument */
	u64 result;	/* the fourth: where the list's head is written */
};

BPF_TABLE("lru_hash", u32, struct libc_lookup, libc_lookups, 4096); /* by thread */

int uprobe__getaddrinfo(struct pt_regs *ctx)
{
	struct libc_lookup lookup = {.name = PT_REGS_PARM1(ctx), .result = PT_REGS_PARM4(ctx)};
	u32 tid = bpf_get_current_pid_tgid();

	if (lookup.name)
		libc_lookups.update(&tid, &lookup);
	return 0;
}

/* One address of the list: sent unless it is the one before, for another type of socket. */
static __always_inline void libc_send(struct pt_regs *ctx, struct name_event *found,
				      struct libc_addrinfo *info)
{
	void *bytes = found; /* not a struct, as in dns_kprobe.c */
	u8 address[16] = {};
	u64 same = 1;
	int err;

	if (info->family == AF_INET)
		bpf_probe_read_user(address, 4, (void *)(info->address + 4)); /* sin_addr */
	else if (info->family == AF_INET6)
		bpf_probe_read_user(address, 16, (void *)(info->address + 8)); /* sin6_addr */
	else
		return;
	same = found->head.family == info->family &&
	       ((u64 *)found->address)[0] == ((u64 *)address)[0] &&
	       ((u64 *)found->address)[1] == ((u64 *)address)[1];
	if (same)
		return;
	found->head.family = info->family;
	__builtin_memcpy(found->address, address, sizeof(address));
	err = events.perf_submit(ctx, bytes, sizeof(*found));
	if (err)
		count_unsent(err, LOSS_DNS_EVENT);
}

/*
 * What is sent lies on the stack: a map's entry of this CPU would be shared with whoever runs here
 * while the process's memory is read.
 */
int uretprobe__getaddrinfo(struct pt_regs *ctx)
{
	u32 tid = bpf_get_current_pid_tgid();
	struct libc_lookup *lookup = libc_lookups.lookup(&tid);
	struct name_event found = {};
	u64 name, next = 0;

	if (!lookup)
		return 0;
	name = lookup->name;
	if ((int)PT_REGS_RC(ctx) == 0)
		bpf_probe_read_user(&next, sizeof(next), (void *)lookup->result);
	libc_lookups.delete(&tid);
	if (!next || bpf_probe_read_user_str(found.name, sizeof(found.name), (void *)name) <= 1)
		return 0;

	event_begin(&found.head, EVENT_NAME, sizeof(found));
	found.netns = netns_of_task();
	for (int i = 0; i < LIBC_ADDRESSES_MAX && next; i++) {
		struct libc_addrinfo info = {};

		if (bpf_probe_read_user(&info, sizeof(info), (void *)next) != 0)
			break;
		libc_send(ctx, &found, &info);
		next = info.next;
	}
	return 0;
}
