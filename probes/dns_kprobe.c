// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * DNS answers over UDP, where the kernel has kprobes: skb_consume_udp() (net/ipv4/udp.c) is called
 * once for each datagram that a process has received, IPv4 and IPv6, whatever call it received with,
 * and in that process. A datagram that was only peeked at has a negative length.
 */
#include <linux/skbuff.h>
#include <linux/udp.h>

#define DNS_PORT 53
#define DNS_MESSAGE_MAX 4096	/* bytes sent at most: what EDNS resolvers offer */
#define DNS_FRAGMENTS_MAX 4	/* of an IP datagram, behind the first */

struct dns_message {
	struct event event;
	u8 data[2 * DNS_MESSAGE_MAX]; /* twice, so that the verifier sees that every copy fits */
};

BPF_PERCPU_ARRAY(dns_messages, struct dns_message, 1);

/* At most DNS_MESSAGE_MAX; the empty asm keeps clang from comparing another copy than the verifier sees. */
static __always_inline u64 dns_bounded(u64 size)
{
	asm volatile("" : "+r"(size));
	return size > DNS_MESSAGE_MAX ? DNS_MESSAGE_MAX : size;
}

/* Append what lies in the linear part of one buffer; returns the new length. */
static __always_inline u64 dns_append(struct dns_message *message, u64 length, struct sk_buff *skb)
{
	unsigned char *data = NULL;
	u32 whole = 0, paged = 0;
	u64 size;

	bpf_probe_read_kernel(&whole, sizeof(whole), &skb->len);
	bpf_probe_read_kernel(&paged, sizeof(paged), &skb->data_len);
	bpf_probe_read_kernel(&data, sizeof(data), &skb->data);
	size = dns_bounded(whole - paged);
	length = dns_bounded(length);
	if (bpf_probe_read_kernel(message->data + length, size, data) != 0)
		return length;
	return length + size;
}

/* The buffers of an IP datagram's further fragments hang behind the first one's end (skb_shinfo()). */
static __always_inline struct sk_buff *dns_first_fragment(struct sk_buff *skb, unsigned char *head)
{
	struct skb_shared_info *shared;
	struct sk_buff *fragment = NULL;
	sk_buff_data_t end = 0;

	bpf_probe_read_kernel(&end, sizeof(end), &skb->end);
	shared = sizeof(end) == sizeof(u32) ? (void *)(head + (u64)end) : (void *)(u64)end;
	bpf_probe_read_kernel(&fragment, sizeof(fragment), &shared->frag_list);
	return fragment;
}

int kprobe__skb_consume_udp(struct pt_regs *ctx, struct sock *sk, struct sk_buff *skb, int len)
{
	struct dns_message *message;
	struct sk_buff *fragment;
	unsigned char *head = NULL;
	u16 transport_header = 0, source = 0;
	u64 length;
	int zero = 0;

	bpf_probe_read_kernel(&head, sizeof(head), &skb->head);
	bpf_probe_read_kernel(&transport_header, sizeof(transport_header), &skb->transport_header);
	bpf_probe_read_kernel(&source, sizeof(source), head + transport_header);
	if (source != htons(DNS_PORT) || len < 0)
		return 0;

	message = dns_messages.lookup(&zero);
	if (!message)
		return 0;
	length = dns_append(message, 0, skb);
	fragment = dns_first_fragment(skb, head);
#pragma unroll
	for (int i = 0; i < DNS_FRAGMENTS_MAX; i++) {
		struct sk_buff *next = NULL;

		if (!fragment)
			break;
		length = dns_append(message, length, fragment);
		bpf_probe_read_kernel(&next, sizeof(next), &fragment->next);
		fragment = next;
	}
	event_begin(&message->event, EVENT_DNS_MESSAGE);
	length = dns_bounded(length);
	message->event.length = length;
	if (events.perf_submit(ctx, &message->event, sizeof(message->event) + length) != 0)
		count_loss(LOSS_DNS_EVENT);
	return 0;
}
