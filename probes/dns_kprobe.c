// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * DNS answers over UDP, where the root cgroup can't be hooked (dns_cgroup.c) but the kernel has
 * kprobes: skb_consume_udp() (net/ipv4/udp.c) is called once for each datagram that a process has
 * received, IPv4 and IPv6, whatever call it received with, and in that process. A datagram that was
 * only peeked at has a negative length.
 *
 * Of a datagram that lies scattered, in a driver's pages or in fragments of IP, only the beginning
 * can be read here.
 *
 * Questions are seen where udp_send_skb() and udp_v6_send_skb() give them to IP. Nothing can be kept
 * with a socket here, so the latest questions of all sockets are known.
 */
#include <linux/skbuff.h>
#include <linux/udp.h>

#define SPARE_QUESTIONS 4096

struct dns_message {
	struct message_event event;
	u8 data[DNS_MESSAGE_MAX];
};

struct spare_question {
	u64 socket;	/* its address */
	u64 id;		/* in network order */
};

BPF_PERCPU_ARRAY(dns_messages, struct dns_message, 1);
BPF_TABLE("lru_hash", struct spare_question, u64, spare_questions, SPARE_QUESTIONS); /* when */

/* Where UDP's header lies in memory. */
static __always_inline unsigned char *udp_header_of(struct sk_buff *skb)
{
	unsigned char *head = NULL;
	u16 transport_header = 0;

	bpf_probe_read_kernel(&head, sizeof(head), &skb->head);
	bpf_probe_read_kernel(&transport_header, sizeof(transport_header), &skb->transport_header);
	return head + transport_header;
}

static __always_inline int spare_question_sent(struct sk_buff *skb)
{
	struct {
		struct udphdr udp;
		struct dns_header dns;
	} header = {};
	struct spare_question question = {};
	u64 now = bpf_ktime_get_ns();

	bpf_probe_read_kernel(&header, sizeof(header), udp_header_of(skb));
	if (header.udp.dest != htons(DNS_PORT) || !dns_is_question(&header.dns))
		return 0;
	bpf_probe_read_kernel(&question.socket, sizeof(question.socket), &skb->sk);
	question.id = header.dns.id;
	spare_questions.update(&question, &now);
	return 0;
}

int spare_kprobe__ip_send_skb(struct pt_regs *ctx, struct net *net, struct sk_buff *skb)
{
	return spare_question_sent(skb);
}

int spare_kprobe__ip6_send_skb(struct pt_regs *ctx, struct sk_buff *skb)
{
	return spare_question_sent(skb);
}

int spare_kprobe__skb_consume_udp(struct pt_regs *ctx, struct sock *sk, struct sk_buff *skb, int len)
{
	struct spare_question question = {.socket = (u64)sk};
	struct dns_message *message;
	void *bytes; /* libbcc takes a struct that is sent for what the tool's rows are made of */
	unsigned char *data = NULL, *header = udp_header_of(skb);
	u32 size = 0, scattered = 0;
	u16 source = 0, id = 0;
	u64 length;
	int err, zero = 0;

	bpf_probe_read_kernel(&source, sizeof(source), header);
	if (source != htons(DNS_PORT) || len < 0)
		return 0;
	bpf_probe_read_kernel(&id, sizeof(id), header + sizeof(struct udphdr));
	question.id = id;
	message = dns_messages.lookup(&zero);
	if (!message || !spare_questions.lookup(&question))
		return 0;

	bpf_probe_read_kernel(&size, sizeof(size), &skb->len);
	bpf_probe_read_kernel(&scattered, sizeof(scattered), &skb->data_len);
	bpf_probe_read_kernel(&data, sizeof(data), &skb->data);
	length = size - scattered;
	asm volatile("" : "+r"(length)); /* or clang compares another copy than the verifier sees */
	if (length > DNS_MESSAGE_MAX)
		length = DNS_MESSAGE_MAX;
	if (bpf_probe_read_kernel(message->data, length, data) != 0)
		return 0;
	event_begin(&message->event.head, EVENT_DNS_MESSAGE, sizeof(message->event) + length);
	message->event.netns = netns_of_sock(&sk->__sk_common);
	bytes = message;
	err = events.perf_submit(ctx, bytes, sizeof(message->event) + length);
	if (err)
		count_unsent(err, LOSS_DNS_EVENT);
	return 0;
}
