// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * DNS answers as they arrive for a socket, over UDP and TCP. cgroup_skb programs on the root of the
 * cgroup v2 hierarchy are called for every packet that a socket of this host sends or receives, with
 * the IP header in front and fragments of IP put together (__cgroup_bpf_run_filter_skb() in
 * kernel/bpf/cgroup.c). Here an answer is only recognized; the tool takes the packet apart
 * (tool/names/dns_packet.c).
 *
 * Which sockets ask is known by their connects and datagrams to port 53 (dns_asker.c), and for those
 * that were connected before tracing began by their questions. Ports of packets tell less: a question
 * that a firewall redirects, as Docker's do, goes out to another.
 */
#define IPV4_HEADER_SIZE 20
#define IPV6_HEADER_SIZE 40
#define UDP_HEADER_SIZE 8
#define TCP_HEADER_SIZE 20
#define TCP_ACKNOWLEDGED 8	/* where that number stands in TCP's header */
#define TCP_SYN 0x02
#define TCP_ACK 0x10

#define IPV6_EXTENSIONS 3	/* headers of options passed over at most */
#define DNS_SEGMENT_MAX 16384	/* bytes of a TCP segment sent at most: drivers join what came in a row */

static __always_inline void dns_send(struct __sk_buff *skb, struct dns_client *client, u32 most)
{
	struct packet_event packet = {.connection = bpf_get_socket_cookie(skb), .size = skb->len};
	u32 sent = skb->len < most ? skb->len : most;
	int err;

	packet.netns = netns_of_context(skb);
	packet.head.time_ns = bpf_ktime_get_ns();
	packet.head.kind = EVENT_DNS_PACKET;
	packet.head.pid = client->asker;
	packet.head.length = sizeof(packet) - sizeof(packet.head) + sent;
	err = events.perf_submit_skb(skb, sent, &packet, sizeof(packet)); /* libbcc makes it a statement */
	if (err)
		count_unsent(err, LOSS_DNS_EVENT);
}

static __always_inline int is_ipv6_options(u8 header)
{
	return header == 0 || header == 43 || header == 60; /* hop by hop, routing, destination */
}

/*
 * Where the header of UDP or TCP is, and which of them: 0 for anything else. Headers always lie in
 * what can be read directly: udp_rcv() and tcp_v4_rcv() see to it, and so does who sends.
 */
static __always_inline u64 find_transport(struct __sk_buff *skb, u8 *protocol, u8 *tcp_flags,
					  u32 *tcp_size)
{
	u8 *packet = (u8 *)(u64)skb->data, *end = (u8 *)(u64)skb->data_end;
	u8 *transport;

	if (packet + IPV4_HEADER_SIZE > end)
		return 0;
	if (packet[0] >> 4 == 4) {
		*protocol = packet[9];
		transport = packet + (packet[0] & 15) * 4;
	} else {
		if (packet + IPV6_HEADER_SIZE > end)
			return 0;
		*protocol = packet[6];
		transport = packet + IPV6_HEADER_SIZE;
#pragma unroll
		for (int i = 0; i < IPV6_EXTENSIONS && is_ipv6_options(*protocol); i++) {
			if (transport + 2 > end)
				return 0;
			*protocol = transport[0];
			transport += (transport[1] + 1) * 8;
		}
	}
	if (*protocol == IPPROTO_UDP)
		return transport - packet;
	if (*protocol != IPPROTO_TCP || transport + TCP_HEADER_SIZE > end)
		return 0;
	*tcp_flags = transport[13];
	*tcp_size = (transport[12] >> 4) * 4;
	return transport - packet;
}

/* What is known of the socket, or NULL: it does not ask. `flags` may have it made. */
static __always_inline struct dns_client *dns_client_of(struct __sk_buff *skb, u64 flags)
{
	struct bpf_sock *sk = skb->sk;

	if (!sk)
		return NULL;
	return dns_clients.sk_storage_get(sk, 0, flags);
}

/* Takes the place of the oldest one known: one that may still be answered is lost by that. */
static __always_inline void dns_note_question(struct dns_client *client, u16 id)
{
	u32 at = client->sent++ % DNS_QUESTIONS, now = dns_now();
	struct dns_question *question = &client->questions[at];

	if (question->state == DNS_WAITS && now - question->sent < DNS_RESENT)
		count_loss(LOSS_DNS_QUESTION);
	question->sent = now;
	question->id = id;
	question->state = DNS_WAITS;
}

/* 1 or 0, without a branch; both numbers are smaller than 2^63. */
static __always_inline u64 dns_is_below(u64 number, u64 bound)
{
	u64 difference = number - bound;

	asm volatile("" : "+r"(difference)); /* or clang compares after all */
	return difference >> 63;
}

/*
 * Is it an answer to a question of this socket? Where none has been seen to go out, though something
 * was sent to port 53, the questions are encrypted by then (IPsec), and any answer is taken.
 */
static __always_inline int dns_answers(struct dns_client *client, u16 id)
{
	u64 now = dns_now(), known = 0, waits = 0, at = 0;

	if (!client->sent)
		return 1;
	/*
	 * Calculated, since the verifier would follow each branch of each turn, which took 30 ms. Of those
	 * with the same id one that waits: ids are chosen at random, and come again.
	 */
	for (u64 i = 0; i < DNS_QUESTIONS; i++) {
		struct dns_question *question = &client->questions[i];
		u64 same = dns_is_below((u16)(question->id ^ id), 1);
		u64 recent = dns_is_below((u32)(now - question->sent), DNS_PATIENCE + 1);
		u64 state = question->state;
		u64 matches = same & recent & (state | state >> 1); /* DNS_WAITS or DNS_ANSWERED */

		known |= matches;
		waits |= matches & state;
		at += (matches & state) * (i - at);
	}
	if (waits & DNS_WAITS)
		client->questions[at % DNS_QUESTIONS].state = DNS_ANSWERED;
	return known & 1;
}

/* Answers come on this connection, and the first begins at the byte that this segment waits for. */
static __always_inline void dns_send_connection(struct __sk_buff *skb, u64 transport)
{
	struct connection_event made = {.connection = bpf_get_socket_cookie(skb)};
	void *bytes = &made; /* not a struct, as in dns_kprobe.c */
	u32 acknowledged = 0;
	int err;

	bpf_skb_load_bytes(skb, transport + TCP_ACKNOWLEDGED, &acknowledged, sizeof(acknowledged));
	made.sequence = ntohl(acknowledged);
	made.head.time_ns = bpf_ktime_get_ns();
	made.head.kind = EVENT_DNS_CONNECTION;
	made.head.length = sizeof(made) - sizeof(made.head);
	err = events.perf_submit(skb, bytes, sizeof(made));
	if (err)
		count_unsent(err, LOSS_DNS_EVENT);
}

/*
 * Is it a question as a socket sends it that was connected to port 53? Who is connected to from there
 * has no questions. A SYN counts as one.
 */
static __always_inline int dns_asks(struct __sk_buff *skb, u64 transport, u8 flags, u32 size)
{
	struct {
		u16 unused;
		u16 length;
		struct dns_header header;
	} message = {};

	if (flags & TCP_SYN)
		return !(flags & TCP_ACK);
	return bpf_skb_load_bytes(skb, transport + size, &message.length,
				  sizeof(message) - sizeof(message.unused)) == 0 &&
	       dns_is_question(&message.header) &&
	       ntohs(message.length) + sizeof(message.length) == skb->len - transport - size;
}

/* A socket that was not known before asks: that is noted. */
static __always_inline struct dns_client *dns_new_client(struct __sk_buff *skb)
{
	struct dns_client *client = dns_client_of(skb, BPF_SK_STORAGE_GET_F_CREATE);

	if (client)
		client->asker = current_tgid();
	else
		count_loss(LOSS_DNS_QUESTION);
	return client;
}

/* Most packets are of sockets that do not ask, and go on after the first lines. */
int cgroup_skb__egress(struct __sk_buff *skb)
{
	int is_connected = skb->remote_port == htonl(DNS_PORT);
	struct dns_client *client = dns_client_of(skb, 0);
	struct dns_header header = {};
	u8 protocol = 0, flags = 0;
	u64 transport;
	u32 size = 0;

	if (!client && !is_connected)
		return 1;
	transport = find_transport(skb, &protocol, &flags, &size);
	if (!transport)
		return 1;
	if (protocol == IPPROTO_TCP) {
		if (!client && dns_asks(skb, transport, flags, size) && dns_new_client(skb) &&
		    !(flags & TCP_SYN))
			dns_send_connection(skb, transport);
		return 1;
	}
	if (bpf_skb_load_bytes(skb, transport + UDP_HEADER_SIZE, &header, sizeof(header)) ||
	    !dns_is_question(&header))
		return 1;
	if (!client)
		client = dns_new_client(skb);
	if (client)
		dns_note_question(client, header.id);
	return 1;
}

int cgroup_skb__ingress(struct __sk_buff *skb)
{
	struct dns_client *client = dns_client_of(skb, 0);
	u8 protocol = 0, flags = 0;
	struct dns_header header = {};
	u64 transport;
	u32 size = 0;

	if (!client)
		return 1;
	transport = find_transport(skb, &protocol, &flags, &size);
	if (!transport)
		return 1;
	if (protocol == IPPROTO_TCP) {
		if (skb->len > transport + size || flags & TCP_SYN)
			dns_send(skb, client, transport + size + DNS_SEGMENT_MAX);
		return 1;
	}
	if (bpf_skb_load_bytes(skb, transport + UDP_HEADER_SIZE, &header, sizeof(header)) == 0 &&
	    header.flags & htons(DNS_RESPONSE) && dns_answers(client, header.id) &&
	    dns_has_records(&header))
		dns_send(skb, client, transport + UDP_HEADER_SIZE + DNS_MESSAGE_MAX);
	return 1;
}
