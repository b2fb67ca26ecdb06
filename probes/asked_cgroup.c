// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * What a process asked for, where the kernel has no kprobes. A program on a cgroup can turn the
 * address that connect(2) is given into another, a service's into a back end's, say. These stand
 * before all others (BPF_F_PREORDER and BPF_F_BEFORE, Linux 6.17), those of cgroups below the root
 * too, unless somebody puts one before them later, in the same way.
 */
#define ASKED 10240

struct asked {
	u32 address[4];	/* as a mapped_address */
};

BPF_TABLE("lru_hash", u64, struct asked, asked_addresses, ASKED); /* by the socket's cookie */

static __always_inline int note_asked(struct bpf_sock_addr *given, struct asked *asked)
{
	u64 cookie;

	if (given->protocol != IPPROTO_TCP || !task_passes())
		return 1;
	cookie = bpf_get_socket_cookie(given);
	if (!is_unspecified(asked->address))
		asked_addresses.update(&cookie, asked);
	else
		asked_addresses.delete(&cookie);
	return 1;
}

/* Leaves the address as it is, zero, where nothing was noted. */
static __always_inline void take_asked(u64 cookie, void *address)
{
	struct asked *asked = asked_addresses.lookup(&cookie);

	if (!asked)
		return;
	__builtin_memcpy(address, asked->address, sizeof(asked->address));
	asked_addresses.delete(&cookie);
}

#ifndef ONLY_IPV6
int asked_cgroup__connect4(struct bpf_sock_addr *given)
{
	struct asked asked = {.address = {0, 0, htonl(0xffff), given->user_ip4}};

	return note_asked(given, &asked);
}
#endif

/* With ONLY_IPV4 too: an IPv4-mapped address passes here. */
int asked_cgroup__connect6(struct bpf_sock_addr *given)
{
	struct asked asked = {.address = {given->user_ip6[0], given->user_ip6[1],
					  given->user_ip6[2], given->user_ip6[3]}};

	return note_asked(given, &asked);
}
