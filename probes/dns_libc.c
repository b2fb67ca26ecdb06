// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * Names that the C library looked up, whichever way: /etc/hosts, a resolver over TLS, mDNS, a daemon
 * behind a socket. A function is entered with the name and returns addresses; both are in the
 * process's memory. The layout is that of glibc and musl on 64-bit machines (netdb.h).
 *
 * gethostbyname() and gethostbyname2() of both call the functions with _r, where the work is done.
 */
#define LIBC_ADDRESSES_MAX 64	/* of a look-up: getaddrinfo() tells three for each, unless hints say which */

/* One call. A name service within the library may call it again, deeper on the stack. */
struct libc_call {
	u64 stack;	/* the stack pointer at its entry */
	u32 tid;
	u32 function;	/* one can end in a jump to another, from the same place of the stack */
};

enum libc_function {
	LIBC_GETADDRINFO,
	LIBC_GETHOSTBYNAME_R,
	LIBC_GETHOSTBYNAME2_R,
};

struct libc_lookup {
	u64 name;	/* the first argument */
	u64 result;	/* where a pointer to what was found is written */
};

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

struct libc_hostent {
	u64 name;
	u64 aliases;
	s32 family;
	s32 address_size;
	u64 addresses;	/* pointers, the last one NULL */
};

BPF_TABLE("lru_hash", struct libc_call, struct libc_lookup, libc_lookups, 4096);

/*
 * The call of a thread that returned last, until it calls again. A file that is hooked twice, as an
 * overlay's and as its lower one, returns twice: that is no look-up that was pushed out.
 */
BPF_TABLE("lru_hash", u32, struct libc_call, libc_returned, 1024);

static __always_inline int libc_enter(u64 stack, u32 function, u64 name, u64 result)
{
	struct libc_call call = {.stack = stack, .function = function};
	struct libc_lookup lookup = {.name = name, .result = result};

	call.tid = bpf_get_current_pid_tgid();
	libc_returned.delete(&call.tid);
	libc_lookups.update(&call, &lookup);
	return 0;
}

static __always_inline void count_pushed_out(struct libc_call *call)
{
	struct libc_call *last = libc_returned.lookup(&call->tid);

	if (!last || last->stack != call->stack || last->function != call->function)
		count_loss(LOSS_LIBC_LOOKUP);
}

/* What a call that returned has found, and the name; 0: nothing. */
static __always_inline u64 libc_leave(u64 stack, u32 function, int err, struct name_event *found)
{
	struct libc_call call = {.stack = stack, .function = function};
	struct libc_lookup *lookup;
	u64 name, result, list = 0;

#ifdef bpf_target_x86
	call.stack -= sizeof(u64); /* the return has taken its address off */
#endif
	call.tid = bpf_get_current_pid_tgid();
	lookup = libc_lookups.lookup(&call);
	if (!lookup) {
		count_pushed_out(&call);
		return 0;
	}
	name = lookup->name;
	result = lookup->result;
	libc_lookups.delete(&call);
	libc_returned.update(&call.tid, &call);
	if (err || !name || bpf_probe_read_user(&list, sizeof(list), (void *)result) || !list)
		return 0;
	if (bpf_probe_read_user_str(found->name, sizeof(found->name), (void *)name) <= 1)
		return 0;
	event_begin(&found->head, EVENT_NAME, sizeof(*found));
	found->netns = netns_of_task();
	return list;
}

/*
 * What is done for each address is calculated as far as it can be: the verifier follows each branch of
 * each turn, and took 60 ms for a program.
 */
struct libc_sent {
	u64 unsent;	/* how many addresses */
	int err;	/* why, of one of them */
};

/* Bytes of an address of this family, 0 for others. */
static __always_inline u64 libc_address_size(u64 family)
{
	u64 words = 1ULL << AF_INET * 4 | 4ULL << AF_INET6 * 4; /* 4 bits for each family below 16 */
	u64 is_below = family - 16;

	asm volatile("" : "+r"(is_below)); /* or clang compares after all */
	return (words >> (family & 15) * 4 & 7) * (is_below >> 63) * 4;
}

/*
 * One address: sent unless it is the one before, for another type of socket. It lies at `at`, or
 * within a struct sockaddr there.
 */
static __always_inline void libc_send(struct pt_regs *ctx, struct name_event *found, u32 family, u64 at,
				      int in_sockaddr, struct libc_sent *sent)
{
	void *bytes = found; /* not a struct, as in dns_kprobe.c */
	u64 address[4] = {}, size = libc_address_size(family), differs;
	s64 err;

	if (in_sockaddr)
		at += 4 + size / 16 * 4; /* sin_addr, sin6_addr */
	bpf_probe_read_user(address, size & 31, (void *)at);
	differs = (found->head.family ^ family) | (((u64 *)found->address)[0] ^ address[0]) |
		  (((u64 *)found->address)[1] ^ address[1]);
	if (!size || !differs)
		return;
	found->head.family = family;
	__builtin_memcpy(found->address, address, sizeof(found->address));
	err = events.perf_submit(ctx, bytes, sizeof(*found));
	asm volatile("" : "+r"(err));
	sent->unsent += (u64)err >> 63;
	sent->err |= err;
}

static __always_inline void libc_end(const struct libc_sent *sent, u64 left)
{
	if (sent->unsent)
		count_losses(why_unsent(sent->err, LOSS_DNS_EVENT), sent->unsent);
	if (left)
		count_loss(LOSS_LIBC_ADDRESSES);
}

int uprobe__getaddrinfo(struct pt_regs *ctx)
{
	return libc_enter(PT_REGS_SP(ctx), LIBC_GETADDRINFO, PT_REGS_PARM1(ctx), PT_REGS_PARM4(ctx));
}

/*
 * What is sent lies on the stack: a map's entry of this CPU would be shared with whoever runs here
 * while the process's memory is read.
 */
int uretprobe__getaddrinfo(struct pt_regs *ctx)
{
	struct libc_sent sent = {};
	struct name_event found = {};
	u64 next = libc_leave(PT_REGS_SP(ctx), LIBC_GETADDRINFO, (int)PT_REGS_RC(ctx), &found);

	for (int i = 0; i < LIBC_ADDRESSES_MAX && next; i++) {
		struct libc_addrinfo info = {};

		if (bpf_probe_read_user(&info, sizeof(info), (void *)next) != 0)
			info.next = 0;
		else
			libc_send(ctx, &found, info.family, info.address, 1, &sent);
		next = info.next;
	}
	libc_end(&sent, next);
	return 0;
}

static __always_inline int libc_send_hostent(struct pt_regs *ctx, u32 function)
{
	struct libc_sent sent = {};
	struct name_event found = {};
	struct libc_hostent host = {};
	u64 at = libc_leave(PT_REGS_SP(ctx), function, (int)PT_REGS_RC(ctx), &found);

	if (!at || bpf_probe_read_user(&host, sizeof(host), (void *)at) != 0)
		return 0;
	/* one more than are sent tells whether there are more */
	for (int i = 0; i <= LIBC_ADDRESSES_MAX; i++) {
		if (bpf_probe_read_user(&at, sizeof(at), (void *)(host.addresses + i * sizeof(at))) != 0)
			at = 0;
		if (!at || i == LIBC_ADDRESSES_MAX)
			break;
		libc_send(ctx, &found, host.family, at, 0, &sent);
	}
	libc_end(&sent, at);
	return 0;
}

/* (name, found, buffer, its size, result, error) */
int uprobe__gethostbyname_r(struct pt_regs *ctx)
{
	return libc_enter(PT_REGS_SP(ctx), LIBC_GETHOSTBYNAME_R, PT_REGS_PARM1(ctx), PT_REGS_PARM5(ctx));
}

int uretprobe__gethostbyname_r(struct pt_regs *ctx)
{
	return libc_send_hostent(ctx, LIBC_GETHOSTBYNAME_R);
}

/* (name, family, found, buffer, its size, result, error) */
int uprobe__gethostbyname2_r(struct pt_regs *ctx)
{
	return libc_enter(PT_REGS_SP(ctx), LIBC_GETHOSTBYNAME2_R, PT_REGS_PARM1(ctx), PT_REGS_PARM6(ctx));
}

int uretprobe__gethostbyname2_r(struct pt_regs *ctx)
{
	return libc_send_hostent(ctx, LIBC_GETHOSTBYNAME2_R);
}
