// SPDX-License-Identifier: Apache-2.0
#include "test.h"

#include <errno.h>
#include <string.h>

#include "names/dns_packet.h"

enum { IPV4 = 20, IPV6 = 40, UDP = 8, TCP = 20 };

/* A packet under construction: headers and data; it may say that it was longer on the wire. */
struct built {
	uint8_t bytes[512];
	size_t size;
	size_t packet_size;
};

static void append(struct built *built, const void *bytes, size_t size)
{
	assert_true(built->size + size <= sizeof(built->bytes));
	memcpy(built->bytes + built->size, bytes, size);
	built->size += size;
}

static void begin(struct built *built, uint64_t packet_size)
{
	built->size = 0;
	built->packet_size = packet_size;
}

/* `words` 32-bit words long. */
static void append_ipv4(struct built *built, uint8_t protocol, uint8_t words)
{
	uint8_t header[60] = {[0] = 0x40 | words, [9] = protocol};

	append(built, header, words * 4);
}

static void append_ipv6(struct built *built, uint8_t next)
{
	uint8_t header[IPV6] = {[0] = 0x60, [6] = next};

	append(built, header, sizeof(header));
}

static void append_udp(struct built *built)
{
	uint8_t header[UDP] = {0, 53, 0x80, 1};

	append(built, header, sizeof(header));
}

static void append_tcp(struct built *built, uint8_t flags, uint8_t words)
{
	uint8_t header[60] = {
		0, 53, 0x80, 1, 0xff, 0xff, 0xff, 0xff, [12] = words << 4, [13] = flags};

	append(built, header, words * 4);
}

static void assert_data(const struct dns_packet *packet, const char *data, size_t length)
{
	assert_int_equal(packet->captured, strlen(data));
	assert_memory_equal(packet->bytes, data, strlen(data));
	assert_int_equal(packet->length, length);
}

static int read_packet(const struct built *built, size_t captured, struct dns_packet *packet)
{
	return dns_packet__read(built->bytes, captured, built->packet_size, packet);
}

static void test_datagram_over_ipv4(void **state)
{
	struct dns_packet packet;
	struct built built;

	(void)state;
	begin(&built, IPV4 + UDP + 5);
	append_ipv4(&built, 17, 5);
	append_udp(&built);
	append(&built, "hello", 5);
	assert_int_equal(read_packet(&built, built.size, &packet), 0);
	assert_false(packet.is_segment);
	assert_data(&packet, "hello", 5);
}

static void test_ipv4_options_are_passed_over(void **state)
{
	struct dns_packet packet;
	struct built built;

	(void)state;
	begin(&built, 60 + UDP + 5);
	append_ipv4(&built, 17, 15);
	append_udp(&built);
	append(&built, "hello", 5);
	assert_int_equal(read_packet(&built, built.size, &packet), 0);
	assert_data(&packet, "hello", 5);
}

static void test_ipv6_options_are_passed_over(void **state)
{
	const uint8_t hop_by_hop[8] = {60, 0}, destination[16] = {6, 1};
	struct dns_packet packet;
	struct built built;

	(void)state;
	begin(&built, IPV6 + 8 + 16 + TCP + 2);
	append_ipv6(&built, 0);
	append(&built, hop_by_hop, sizeof(hop_by_hop));
	append(&built, destination, sizeof(destination));
	append_tcp(&built, 0x10, 5);
	append(&built, "ab", 2);
	assert_int_equal(read_packet(&built, built.size, &packet), 0);
	assert_true(packet.is_segment);
	assert_false(packet.starts_stream);
	assert_int_equal(packet.sequence, 0xffffffff);
	assert_data(&packet, "ab", 2);
}

static void test_syn_takes_a_sequence_number(void **state)
{
	struct dns_packet packet;
	struct built built;

	(void)state;
	begin(&built, IPV4 + 40);
	append_ipv4(&built, 6, 5);
	append_tcp(&built, 0x12, 10);
	assert_int_equal(read_packet(&built, built.size, &packet), 0);
	assert_true(packet.starts_stream);
	assert_int_equal(packet.sequence, 0);
	assert_data(&packet, "", 0);
}

static void test_what_was_not_captured_is_counted(void **state)
{
	struct dns_packet packet;
	struct built built;

	(void)state;
	begin(&built, IPV4 + TCP + 1000);
	append_ipv4(&built, 6, 5);
	append_tcp(&built, 0x18, 5);
	append(&built, "abc", 3);
	assert_int_equal(read_packet(&built, built.size, &packet), 0);
	assert_data(&packet, "abc", 1000);
}

/* Cut anywhere before its data, a packet is none. */
static void test_headers_cut_short(void **state)
{
	struct dns_packet packet;
	struct built built;

	(void)state;
	begin(&built, IPV6 + 8 + TCP);
	append_ipv6(&built, 0);
	append(&built, (uint8_t[8]){6, 0}, 8);
	append_tcp(&built, 0x10, 5);
	for (size_t size = 0; size < built.size; size++)
		assert_int_equal(read_packet(&built, size, &packet), -EBADMSG);
	assert_int_equal(read_packet(&built, built.size, &packet), 0);
}

static void test_lengths_that_cannot_be(void **state)
{
	struct dns_packet packet;
	struct built built;

	(void)state;
	begin(&built, IPV4 + TCP); /* an IPv4 header of 4 words */
	append_ipv4(&built, 6, 5);
	built.bytes[0] = 0x44;
	append_tcp(&built, 0x10, 5);
	assert_int_equal(read_packet(&built, built.size, &packet), -EBADMSG);

	begin(&built, IPV4 + TCP); /* a TCP header of 4 words */
	append_ipv4(&built, 6, 5);
	append_tcp(&built, 0x10, 5);
	built.bytes[IPV4 + 12] = 0x40;
	assert_int_equal(read_packet(&built, built.size, &packet), -EBADMSG);

	begin(&built, IPV4 + UDP); /* more is there than the packet had */
	append_ipv4(&built, 17, 5);
	append_udp(&built);
	append(&built, "x", 1);
	assert_int_equal(read_packet(&built, built.size, &packet), -EBADMSG);
}

static void test_other_protocols(void **state)
{
	struct dns_packet packet;
	struct built built;

	(void)state;
	begin(&built, IPV4 + UDP);
	append_ipv4(&built, 1, 5);
	append_udp(&built);
	assert_int_equal(read_packet(&built, built.size, &packet), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_datagram_over_ipv4),
		cmocka_unit_test(test_ipv4_options_are_passed_over),
		cmocka_unit_test(test_ipv6_options_are_passed_over),
		cmocka_unit_test(test_syn_takes_a_sequence_number),
		cmocka_unit_test(test_what_was_not_captured_is_counted),
		cmocka_unit_test(test_headers_cut_short),
		cmocka_unit_test(test_lengths_that_cannot_be),
		cmocka_unit_test(test_other_protocols),
	};

	return cmocka_run_group_tests_name("dns_packet", tests, NULL, NULL);
}
