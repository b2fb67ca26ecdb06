// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* What a socket tells of a connect. */

/* `event` has the family that is shown. */
static __always_inline void read_addresses(struct event *event, struct sock_common *sk)
{
	bpf_probe_read_kernel(&event->lport, sizeof(event->lport), &sk->skc_num);
	if (event->family == AF_INET) {
		bpf_probe_read_kernel(event->saddr, 4, &sk->skc_rcv_saddr);
		bpf_probe_read_kernel(event->daddr, 4, &sk->skc_daddr);
	}
#if IS_ENABLED(CONFIG_IPV6) /* else a socket does not have the fields */
	if (event->family == AF_INET6) {
		bpf_probe_read_kernel(event->saddr, 16, &sk->skc_v6_rcv_saddr);
		bpf_probe_read_kernel(event->daddr, 16, &sk->skc_v6_daddr);
	}
#endif
#if defined(WITH_NAMES) && !defined(NO_KERNEL_READS)
	event->asker_netns = netns_of_sock(sk);
#endif
}

#ifdef COLUMN_ASKED
/* 0.0.0.0 or ::, in whose place the kernel itself puts loopback's address; words of a mapped_address. */
static __always_inline int is_unspecified(const u32 *address)
{
	return !address[0] && !address[1] && !address[3] &&
	       (!address[2] || address[2] == htonl(0xffff));
}
#endif

/* AF_INET for an IPv4-mapped address too, since that is what goes out; 0 for what is not traced. */
static __always_inline u16 family_of(struct sock_common *sk)
{
	u16 family = 0;

	bpf_probe_read_kernel(&family, sizeof(family), &sk->skc_family);
#ifdef ONLY_IPV6
	return family == AF_INET6 ? family : 0;
#else
#if IS_ENABLED(CONFIG_IPV6)
	if (family == AF_INET6) {
		u32 words[4] = {};

		bpf_probe_read_kernel(words, sizeof(words), &sk->skc_v6_daddr);
		if (words[0] == 0 && words[1] == 0 && words[2] == htonl(0xffff))
			return AF_INET;
	}
#endif
#ifdef ONLY_IPV4
	return family == AF_INET ? family : 0;
#else
	return family;
#endif
#endif
}
