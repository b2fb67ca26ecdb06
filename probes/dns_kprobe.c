// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * DNS answers over UDP, where the root cgroup can't be hooked (dns_cgroup.c) but the kernel has
 * kprobes: skb_consume_udp() (net/ipv4/udp.c) is called once for each datagram that a process has
 * received, IPv4 and IPv6, whatever call it received with, and in that process. A datagram that was
 * only peeked at has a negative length.
 *
 * Of a datagram that lies scattered, in a driver's pages or in fragments of IP, only the beginning
 * can be read here.
 */
#include <linux/skbuff.h>
#include <linux/udp.h>

struct dns_message {
	struct event_head head;
	u8 data[DNS_MESSAGE_MAX];
};

BPF_PERCPU_ARRAY(dns_messages, struct dns_message, 1);

int spare_kprobe__skb_consume_udp(struct pt_regs *ctx, struct sock *sk, struct sk_buff *skb, int len)
{
	struct dns_message *message;
	void *bytes; /* libbcc takes a struct that is sent for what the tool's rows are made of */
	unsigned char *head = NULL, *data = NULL;
	u16 transport_header = 0, source = 0;
	u32 size = 0, scattered = 0;
	u64 length;
	int err, zero = 0;

	bpf_probe_read_kernel(&head, sizeof(head), &skb->head);
	bpf_probe_read_kernel(&transport_header, sizeof(transport_header), &skb->transport_header);
	bpf_probe_read_kernel(&source, sizeof(source), head + transport_header);
	if (source != htons(DNS_PORT) || len < 0)
		return 0;
	message = dns_messages.lookup(&zero);
	if (!message)
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
	event_begin(&message->head, EVENT_DNS_MESSAGE, sizeof(message->head) + length);
	bytes = message;
	err = events.perf_submit(ctx, bytes, sizeof(message->head) + length);
	if (err)
		count_unsent(err, LOSS_DNS_EVENT);
	return 0;
}
