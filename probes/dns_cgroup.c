// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * DNS answers as they arrive for a socket, over UDP and TCP. A cgroup_skb program on the root of the
 * cgroup v2 hierarchy is called for every packet that a socket of this host receives, with the IP
 * header in front and fragments of IP put together (__cgroup_bpf_run_filter_skb() in
 * kernel/bpf/cgroup.c). Here an answer is only recognized; the tool takes the packet apart
 * (tool/names/dns_packet.c).
 */
#define IPV4_HEADER_SIZE 20
#define IPV6_HEADER_SIZE 40
#define UDP_HEADER_SIZE 8
#define TCP_HEADER_SIZE 20
#define TCP_SYN 0x02

#define IPV6_EXTENSIONS 3	/* headers of options passed over at most */
#define DNS_SEGMENT_MAX 16384	/* bytes of a TCP segment sent at most: drivers join what came in a row */

static __always_inline void dns_send(struct __sk_buff *skb, u32 most)
{
	struct packet_event packet = {.connection = bpf_get_socket_cookie(skb), .size = skb->len};
	u32 *asker = dns_askers.lookup(&packet.connection);
	u32 sent = skb->len < most ? skb->len : most;
	int err;

	packet.head.time_ns = bpf_ktime_get_ns();
	packet.head.kind = EVENT_DNS_PACKET;
	packet.head.pid = asker ? *asker : 0;
	packet.head.length = sizeof(packet) - sizeof(packet.head) + sent;
	err = events.perf_submit_skb(skb, sent, &packet, sizeof(packet)); /* libbcc makes it a statement */
	if (err)
		count_unsent(err, LOSS_DNS_EVENT);
}

static __always_inline int is_ipv6_options(u8 header)
{
	return header == 0 || header == 43 || header == 60; /* hop by hop, routing, destination */
}

/* Headers always lie in what can be read directly: udp_rcv() and tcp_v4_rcv() see to it. */
int cgroup_skb__ingress(struct __sk_buff *skb)
{
	u8 *packet = (u8 *)(u64)skb->data, *end = (u8 *)(u64)skb->data_end;
	u8 *transport, protocol;

	if (packet + IPV4_HEADER_SIZE > end)
		return 1;
	if (packet[0] >> 4 == 4) {
		protocol = packet[9];
		transport = packet + (packet[0] & 15) * 4;
	} else {
		if (packet + IPV6_HEADER_SIZE > end)
			return 1;
		protocol = packet[6];
		transport = packet + IPV6_HEADER_SIZE;
#pragma unroll
		for (int i = 0; i < IPV6_EXTENSIONS && is_ipv6_options(protocol); i++) {
			if (transport + 2 > end)
				return 1;
			protocol = transport[0];
			transport += (transport[1] + 1) * 8;
		}
	}
	if (transport + UDP_HEADER_SIZE > end || *(u16 *)transport != htons(DNS_PORT))
		return 1;

	if (protocol == IPPROTO_UDP) {
		dns_send(skb, transport - packet + UDP_HEADER_SIZE + DNS_MESSAGE_MAX);
	} else if (protocol == IPPROTO_TCP && transport + TCP_HEADER_SIZE <= end) {
		u32 headers = transport - packet + (transport[12] >> 4) * 4;

		if (skb->len > headers || transport[13] & TCP_SYN)
			dns_send(skb, headers + DNS_SEGMENT_MAX);
	}
	return 1;
}
