/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <malloc.h>
#include <sys/socket.h>

#include "names/dns_names.h"

#define SECOND UINT64_C(1000000000)
#define HOUR   (3600 * SECOND)

enum { TYPE_A = 1, TYPE_CNAME = 5, TYPE_SOA = 6, TYPE_AAAA = 28, TYPE_DNAME = 39, TYPE_HTTPS = 65 };
enum { CLASS_IN = 1, CLASS_CHAOS = 3 };
enum { ANSWER = 0x8180, TRUNCATED = 0x0200, NXDOMAIN = 3, SERVFAIL = 2 };

/* A DNS message while it is built: header first, then the question, then the answers. */
struct message {
	uint8_t bytes[1 << 17];
	size_t length;
};

static void put(struct message *message, const void *bytes, size_t length)
{
	assert_true(message->length + length <= sizeof(message->bytes));
	memcpy(message->bytes + message->length, bytes, length);
	message->length += length;
}

static void put16(struct message *message, unsigned int value)
{
	const uint8_t bytes[] = {value >> 8, value & 0xff};

	put(message, bytes, sizeof(bytes));
}

/* A name in plain text: labels between dots. "" is the root. */
static void put_name(struct message *message, const char *name)
{
	while (*name) {
		uint8_t length = strcspn(name, ".");

		put(message, &length, 1);
		put(message, name, length);
		name += length;
		name += *name == '.';
	}
	put(message, "", 1);
}

static void set_count(struct message *message, size_t section, unsigned int count)
{
	message->bytes[4 + 2 * section] = count >> 8;
	message->bytes[5 + 2 * section] = count & 0xff;
}

static void begin(struct message *message, unsigned int flags)
{
	message->length = 0;
	put16(message, 0x1234);
	put16(message, flags);
	put(message, "\0\0\0\0\0\0\0\0", 8);
}

static void begin_answer(struct message *message, const char *name, unsigned int type)
{
	begin(message, ANSWER);
	set_count(message, 0, 1);
	put_name(message, name);
	put16(message, type);
	put16(message, CLASS_IN);
}

/* A record of the question's name, which starts at byte 12. */
static void put_record(struct message *message, unsigned int type, unsigned int class,
		       const void *data, size_t length)
{
	unsigned int count = message->bytes[6] << 8 | message->bytes[7];

	put16(message, 0xc00c);
	put16(message, type);
	put16(message, class);
	put(message, "\0\0\0\x3c", 4);
	put16(message, length);
	put(message, data, length);
	set_count(message, 1, count + 1);
}

static void put_address(struct message *message, const char *text)
{
	uint8_t address[16];

	if (inet_pton(AF_INET, text, address) == 1) {
		put_record(message, TYPE_A, CLASS_IN, address, 4);
	} else {
		assert_int_equal(inet_pton(AF_INET6, text, address), 1);
		put_record(message, TYPE_AAAA, CLASS_IN, address, 16);
	}
}

static int parse(const char *text, uint8_t address[16])
{
	memset(address, 0, 16);
	if (inet_pton(AF_INET, text, address) == 1)
		return AF_INET;
	assert_int_equal(inet_pton(AF_INET6, text, address), 1);
	return AF_INET6;
}

static int learn(struct dns_names *names, const struct message *message, uint64_t time_ns,
		 uint32_t pid)
{
	/* a copy of the exact size: sanitizers and valgrind see a read behind the end */
	uint8_t *copy = malloc(message->length + !message->length);
	int learned;

	memcpy(copy, message->bytes, message->length);
	learned = dns_names__learn(names, copy, message->length, time_ns,
				   &(struct dns_process){.pid = pid});
	free(copy);
	return learned;
}

static int answer(struct dns_names *names, const char *name, const char *address, uint64_t time_ns,
		  uint32_t pid)
{
	static struct message message;

	begin_answer(&message, name, TYPE_A);
	put_address(&message, address);
	return learn(names, &message, time_ns, pid);
}

static int look_up(struct dns_names *names, const char *name, const char *text, uint64_t time_ns,
		   uint32_t pid)
{
	uint8_t address[16];
	int family = parse(text, address);

	return dns_names__learn_name(names, name, family, address, time_ns,
				     &(struct dns_process){.pid = pid});
}

static const char *find(struct dns_names *names, const char *text, uint64_t time_ns, uint32_t pid)
{
	const struct dns_process who = {.pid = pid};
	uint8_t address[16];
	int family = parse(text, address);
	struct dns_answer found;

	return dns_names__find(names, family, address, time_ns, &who, &found) ? found.name : NULL;
}

static int setup(void **state)
{
	struct dns_names *names;

	if (dns_names__new(&names) != 0)
		return -1;
	*state = names;
	return 0;
}

static int teardown(void **state)
{
	dns_names__free(*state);
	return 0;
}

static struct message message;

/* What a process learned in a network namespace. */
static void answer_in(struct dns_names *names, uint64_t netns, uint32_t pid, const char *name,
		      uint64_t time_ns)
{
	const struct dns_process asker = {.pid = pid, .netns = netns};

	begin_answer(&message, name, TYPE_A);
	put_address(&message, "10.0.0.1");
	assert_int_equal(dns_names__learn(names, message.bytes, message.length, time_ns, &asker),
			 1);
}

/* What one that connects to the same address is told, and by whom. */
static const char *find_for(struct dns_names *names, const struct dns_process *who,
			    uint64_t time_ns, enum dns_asker asker)
{
	uint8_t address[16];
	int family = parse("10.0.0.1", address);
	struct dns_answer found;

	if (!dns_names__find(names, family, address, time_ns, who, &found))
		return NULL;
	assert_int_equal(found.asker, asker);
	return found.name;
}

/* Messages */

static void test_addresses_get_the_question(void **state)
{
	begin_answer(&message, "www.example.org", TYPE_A);
	put_address(&message, "192.0.2.1");
	put_address(&message, "192.0.2.2");
	put_address(&message, "2001:db8::1");
	assert_int_equal(learn(*state, &message, SECOND, 1), 3);
	assert_string_equal(find(*state, "192.0.2.1", SECOND, 1), "www.example.org");
	assert_string_equal(find(*state, "192.0.2.2", SECOND, 1), "www.example.org");
	assert_string_equal(find(*state, "2001:db8::1", SECOND, 1), "www.example.org");
	assert_null(find(*state, "192.0.2.3", SECOND, 1));
	assert_null(find(*state, "2001:db8::", SECOND, 1));
	assert_int_equal(dns_names__count(*state), 3);
}

static void test_aliases_show_the_name_asked_for(void **state)
{
	begin_answer(&message, "www.example.org", TYPE_A);
	put_record(&message, TYPE_DNAME, CLASS_IN, "\1d\0", 3);
	put_record(&message, TYPE_CNAME, CLASS_IN, "\3cdn\xc0\x10", 6);
	put(&message, "\3cdn\xc0\x10\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\1", 20);
	set_count(&message, 1, 3);
	assert_int_equal(learn(*state, &message, SECOND, 1), 1);
	assert_string_equal(find(*state, "192.0.2.1", SECOND, 1), "www.example.org");
}

static void test_case_is_kept(void **state)
{
	answer(*state, "WwW.eXample.ORG", "192.0.2.1", SECOND, 1);
	assert_string_equal(find(*state, "192.0.2.1", SECOND, 1), "WwW.eXample.ORG");
}

static void test_names_are_printed_as_dnslib_does(void **state)
{
	answer(*state, "_sip.a@b$c\"d;e(f)", "192.0.2.1", SECOND, 1);
	assert_string_equal(find(*state, "192.0.2.1", SECOND, 1), "_sip.a@b$c\"d;e(f)");
	answer(*state, "a b\x1b[2J\n.m\xc3\xbc", "192.0.2.1", SECOND, 1);
	assert_string_equal(find(*state, "192.0.2.1", SECOND, 1),
			    "a\\032b\\027[2J\\010.m\\195\\188");
}

static void test_dots_and_backslashes_in_labels(void **state)
{
	begin(&message, ANSWER);
	set_count(&message, 0, 1);
	put(&message, "\3a.b\3c\\d\1\0\0\0\1\0\1", 15);
	put_address(&message, "192.0.2.1");
	assert_int_equal(learn(*state, &message, SECOND, 1), 1);
	assert_string_equal(find(*state, "192.0.2.1", SECOND, 1), "a\\.b.c\\\\d.\\000");
}

static void test_ipv4_mapped_addresses_are_ipv4(void **state)
{
	answer(*state, "four", "192.0.2.1", SECOND, 1);
	answer(*state, "six", "::ffff:192.0.2.2", SECOND, 1);
	assert_string_equal(find(*state, "::ffff:192.0.2.1", SECOND, 1), "four");
	assert_string_equal(find(*state, "192.0.2.2", SECOND, 1), "six");
	assert_null(find(*state, "::192.0.2.1", SECOND, 1));
}

static void test_answers_without_addresses_change_nothing(void **state)
{
	answer(*state, "first", "192.0.2.1", SECOND, 1);
	begin_answer(&message, "second", TYPE_HTTPS);
	assert_int_equal(learn(*state, &message, 2 * SECOND, 1), 0);
	put_record(&message, TYPE_HTTPS, CLASS_IN, "\0\1\0\0\4\0\4\xc0\0\2\1", 11);
	put_record(&message, TYPE_SOA, CLASS_IN, "\xc0\0\2\1", 4);
	assert_int_equal(learn(*state, &message, 2 * SECOND, 1), 0);
	assert_string_equal(find(*state, "192.0.2.1", 3 * SECOND, 1), "first");
	assert_int_equal(dns_names__count(*state), 1);
}

static void test_only_class_in_and_the_right_size(void **state)
{
	begin_answer(&message, "a", TYPE_A);
	put_record(&message, TYPE_A, CLASS_CHAOS, "\xc0\0\2\1", 4);
	put_record(&message, TYPE_A, CLASS_IN, "\xc0\0\2", 3);
	put_record(&message, TYPE_A, CLASS_IN, "\xc0\0\2\1\0", 5);
	put_record(&message, TYPE_A, CLASS_IN, "", 0);
	put_record(&message, TYPE_AAAA, CLASS_IN, "\xc0\0\2\1", 4);
	put_record(&message, TYPE_A, CLASS_IN, "0123456789abcdef", 16);
	assert_int_equal(learn(*state, &message, SECOND, 1), 0);
	put_address(&message, "192.0.2.1"); /* the others don't stop what follows */
	assert_int_equal(learn(*state, &message, SECOND, 1), 1);
}

static void test_only_successful_answers_to_queries(void **state)
{
	static const unsigned int flags[] = {
		0x0100, /* a query */
		ANSWER | NXDOMAIN,
		ANSWER | SERVFAIL,
		ANSWER | 5 << 11, /* an update */
		ANSWER | 4 << 11, /* a notification */
	};

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		begin_answer(&message, "a", TYPE_A);
		message.bytes[2] = flags[i] >> 8;
		message.bytes[3] = flags[i] & 0xff;
		put_address(&message, "192.0.2.1");
		assert_int_equal(learn(*state, &message, SECOND, 1), 0);
	}
}

static void test_exactly_one_question(void **state)
{
	static const unsigned int counts[] = {0, 2, 257, 65535};

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		begin_answer(&message, "a", TYPE_A);
		if (counts[i] == 2)
			put(&message, "\1b\0\0\1\0\1", 7);
		put_address(&message, "192.0.2.1");
		set_count(&message, 0, counts[i]);
		assert_int_equal(learn(*state, &message, SECOND, 1), 0);
	}
}

static void test_other_sections_are_not_read(void **state)
{
	begin_answer(&message, "a", TYPE_A);
	put_address(&message, "192.0.2.1");
	put_address(&message, "192.0.2.2");
	put_address(&message, "192.0.2.3");
	set_count(&message, 1, 1);
	set_count(&message, 2, 1);
	set_count(&message, 3, 1);
	assert_int_equal(learn(*state, &message, SECOND, 1), 1);
	assert_null(find(*state, "192.0.2.2", SECOND, 1));
	assert_null(find(*state, "192.0.2.3", SECOND, 1));
}

static void test_cut_short_at_every_byte(void **state)
{
	size_t ends[4];
	size_t whole;

	begin_answer(&message, "www.example.org", TYPE_A);
	ends[0] = message.length;
	put_address(&message, "192.0.2.1");
	ends[1] = message.length;
	put_address(&message, "2001:db8::1");
	ends[2] = message.length;
	put_address(&message, "192.0.2.2");
	ends[3] = message.length;
	message.bytes[2] |= TRUNCATED >> 8;
	set_count(&message, 3, 1); /* an OPT record that isn't there any more */
	whole = message.length;
	for (size_t length = 0; length <= whole; length++) {
		int expected = 0;

		for (int i = 1; i < 4; i++)
			expected += length >= ends[i];
		message.length = length;
		assert_int_equal(learn(*state, &message, SECOND, 1), expected);
	}
}

static void test_bytes_behind_the_message(void **state)
{
	begin_answer(&message, "a", TYPE_A);
	put_address(&message, "192.0.2.1");
	put(&message, "trailing", 8);
	assert_int_equal(learn(*state, &message, SECOND, 1), 1);
}

static void test_counts_that_lie(void **state)
{
	begin_answer(&message, "a", TYPE_A);
	put_address(&message, "192.0.2.1");
	set_count(&message, 1, 65535);
	assert_int_equal(learn(*state, &message, SECOND, 1), 1);
	set_count(&message, 1, 0);
	assert_int_equal(learn(*state, &message, SECOND, 1), 0);
}

static void test_lengths_that_lie(void **state)
{
	begin_answer(&message, "a", TYPE_A);
	put_address(&message, "192.0.2.1");
	message.bytes[message.length - 6] = 0xff; /* the record's length, upper byte */
	assert_int_equal(learn(*state, &message, SECOND, 1), 0);
}

/* A question whose name is given byte by byte. */
static int learn_raw_name(struct dns_names *names, const void *name, size_t length)
{
	begin(&message, ANSWER);
	set_count(&message, 0, 1);
	put(&message, name, length);
	put16(&message, TYPE_A);
	put16(&message, CLASS_IN);
	put_address(&message, "192.0.2.1");
	return learn(names, &message, SECOND, 1);
}

static void test_compressed_questions_are_refused(void **state)
{
	assert_int_equal(learn_raw_name(*state, "\xc0\x0c", 2), 0);		 /* itself */
	assert_int_equal(learn_raw_name(*state, "\1a\xc0\x0c", 4), 0);		 /* a loop */
	assert_int_equal(learn_raw_name(*state, "\xc0\x0e\xc0\x0c", 4), 0);	 /* a longer one */
	assert_int_equal(learn_raw_name(*state, "\1a\xc0\x04", 4), 0);		 /* the header */
	assert_int_equal(learn_raw_name(*state, "\xc0\x12\0\1\0\1\1b\0", 9), 0); /* forwards */
	assert_int_equal(learn_raw_name(*state, "\xff\xff", 2), 0); /* behind the end */
	assert_int_equal(dns_names__count(*state), 0);
}

static void test_longest_labels_and_names(void **state)
{
	uint8_t name[512] = {0};
	char expected[1024] = "";

	/* 63 + 63 + 63 + 61 bytes, with their lengths and the root 255: RFC 1035, section 2.3.4 */
	for (int i = 0; i < 4; i++) {
		name[i * 64] = i < 3 ? 63 : 61;
		memset(name + i * 64 + 1, 'a' + i, name[i * 64]);
		memset(expected + strlen(expected), 'a' + i, name[i * 64]);
		if (i < 3)
			strcat(expected, ".");
	}
	assert_int_equal(learn_raw_name(*state, name, 255), 1);
	assert_string_equal(find(*state, "192.0.2.1", SECOND, 1), expected);

	name[3 * 64]++; /* 256 bytes */
	name[254] = 'd';
	assert_int_equal(learn_raw_name(*state, name, 256), 0);
	name[0] = 64; /* no longer a label's length */
	assert_int_equal(learn_raw_name(*state, name, 255), 0);
	name[0] = 0x80;
	assert_int_equal(learn_raw_name(*state, name, 255), 0);
	assert_string_equal(find(*state, "192.0.2.1", SECOND, 1), expected);
}

static void test_pointer_behind_the_longest_labels(void **state)
{
	uint8_t name[256] = {0};

	/* expands to 255 bytes, but takes 256 in the message */
	for (int i = 0; i < 254; i += 2)
		name[i] = 1;
	name[254] = 0xc0;
	name[255] = 0x08; /* a zero byte of the header: the root */
	assert_int_equal(learn_raw_name(*state, name, 256), 0);
}

static void test_name_that_grows_most_when_printed(void **state)
{
	uint8_t name[255] = {0};
	const char *found;

	for (int i = 0; i < 4; i++)
		name[i * 64] = i < 3 ? 63 : 61;
	for (int i = 0; i < 254; i++)
		name[i] = i % 64 ? 0xff : name[i];
	assert_int_equal(learn_raw_name(*state, name, 255), 1);
	found = find(*state, "192.0.2.1", SECOND, 1);
	assert_int_equal(strlen(found), 250 * 4 + 3);
	assert_true(strlen(found) < DNS_NAMES_NAME_SIZE);
}

static void test_root_is_no_name(void **state)
{
	assert_int_equal(learn_raw_name(*state, "", 1), 0);
}

static void test_chain_of_pointers_costs_nothing(void **state)
{
	uint16_t links[1000];

	begin_answer(&message, "a", TYPE_A);
	for (size_t i = 0; i < 1000; i++)
		links[i] = htons(0xc000 | (i ? message.length + 12 + 2 * (i - 1) : 12));
	put_record(&message, 16, CLASS_IN, links, sizeof(links));
	put(&message, &links[999], 2); /* a record whose name is the end of the chain */
	put(&message, "\0\1\0\1\0\0\0\0\0\4\xc0\0\2\1", 14);
	set_count(&message, 1, 2);
	assert_int_equal(learn(*state, &message, SECOND, 1), 1);
}

static void test_largest_messages(void **state)
{
	begin_answer(&message, "a", TYPE_A);
	while (message.length < 100000)
		put_address(&message, "192.0.2.1");
	/* (65535 - 12 - 7) / 16 whole records; the rest lies behind what a message can be */
	assert_int_equal(learn(*state, &message, SECOND, 1), 4094);
	assert_int_equal(dns_names__count(*state), 1);
}

static void test_empty_and_tiny_messages(void **state)
{
	const struct dns_process who = {.pid = 1};
	static const uint8_t zeros[64];
	uint8_t ones[64];

	memset(ones, 0xff, sizeof(ones));
	for (size_t length = 0; length <= sizeof(zeros); length++) {
		assert_int_equal(dns_names__learn(*state, zeros, length, SECOND, &who), 0);
		assert_int_equal(dns_names__learn(*state, ones, length, SECOND, &who), 0);
	}
}

static void test_random_bytes(void **state)
{
	struct dns_names *names = *state;

	srandom(1);
	for (int round = 0; round < 20000; round++) {
		if (round % 2) {
			begin_answer(&message, "example.org", TYPE_A);
			for (int i = random() % 20; i > 0; i--)
				put_address(&message, "192.0.2.1");
			for (int i = random() % 8; i > 0; i--)
				message.bytes[random() % message.length] = random();
			message.length = random() % (message.length + 1);
		} else {
			message.length = random() % 300;
			for (size_t i = 0; i < message.length; i++)
				message.bytes[i] = random();
		}
		assert_true(learn(names, &message, round, round % 3) >= 0);
	}
}

/* Names from getaddrinfo() */

static void test_library_names(void **state)
{
	assert_int_equal(look_up(*state, "printer.local", "192.0.2.1", SECOND, 1), 1);
	assert_string_equal(find(*state, "192.0.2.1", SECOND, 1), "printer.local");
	assert_int_equal(look_up(*state, "Example.ORG.", "2001:db8::1", SECOND, 1), 1);
	assert_string_equal(find(*state, "2001:db8::1", SECOND, 1), "Example.ORG");
	assert_int_equal(look_up(*state, "a\\.b.\\067", "192.0.2.2", SECOND, 1), 1);
	assert_string_equal(find(*state, "192.0.2.2", SECOND, 1), "a\\.b.C");
	assert_int_equal(look_up(*state, "m\xc3\xbc\x1b[2J\n", "192.0.2.3", SECOND, 1), 1);
	assert_string_equal(find(*state, "192.0.2.3", SECOND, 1), "m\\195\\188\\027[2J\\010");
}

static void test_library_names_that_are_none(void **state)
{
	static const char *const bad[] = {"", ".", "..", ".a", "a..b", "a\\", "\\999"};
	char name[300] = "";

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(look_up(*state, bad[i], "192.0.2.1", SECOND, 1), 0);
	memset(name, 'a', 64);
	assert_int_equal(look_up(*state, name, "192.0.2.1", SECOND, 1), 0);
	for (int i = 0; i < 256; i++)
		name[i] = i % 2 ? '.' : 'a';
	assert_int_equal(look_up(*state, name, "192.0.2.1", SECOND, 1), 0);
	name[255] = '\0';
	assert_int_equal(look_up(*state, name, "192.0.2.1", SECOND, 1), 0);
	name[253] = '\0';
	assert_int_equal(look_up(*state, name, "192.0.2.1", SECOND, 1), 1);
	assert_string_equal(find(*state, "192.0.2.1", SECOND, 1), name);
}

static void test_addresses_in_text_are_no_names(void **state)
{
	static const char *const numeric[] = {"192.0.2.1",	 "192.513", "0xc0000201",
					      "3221225985",	 "::1",	    "fe80::1%eth0",
					      "::ffff:192.0.2.1"};

	for (size_t i = 0; i < sizeof(numeric) / sizeof(numeric[0]); i++)
		assert_int_equal(look_up(*state, numeric[i], "192.0.2.1", SECOND, 1), 0);
	assert_int_equal(look_up(*state, "1.2.3.4.example", "192.0.2.1", SECOND, 1), 1);
	assert_int_equal(look_up(*state, "cafe%eth0", "192.0.2.1", SECOND, 1), 1);
}

static void test_unknown_family(void **state)
{
	const struct dns_process who = {.pid = 1};
	uint8_t address[16] = {0};
	struct dns_answer found;

	assert_int_equal(dns_names__learn_name(*state, "a", AF_UNIX, address, 1, &who),
			 -EAFNOSUPPORT);
	assert_false(dns_names__find(*state, AF_UNIX, address, 1, &who, &found));
}

/* Which name is shown */

static void test_the_latest_answer(void **state)
{
	answer(*state, "first", "192.0.2.1", 1 * SECOND, 1);
	answer(*state, "second", "192.0.2.1", 2 * SECOND, 1);
	assert_string_equal(find(*state, "192.0.2.1", 3 * SECOND, 1), "second");
}

static void test_a_search_domain_stays(void **state)
{
	answer(*state, "web.example.org", "192.0.2.1", 1 * SECOND, 1);
	look_up(*state, "Web", "192.0.2.1", 2 * SECOND, 1);
	assert_string_equal(find(*state, "192.0.2.1", 3 * SECOND, 1), "web.example.org");
	look_up(*state, "we", "192.0.2.1", 4 * SECOND, 1); /* another name */
	assert_string_equal(find(*state, "192.0.2.1", 5 * SECOND, 1), "we");
	look_up(*state, "web", "192.0.2.1", 6 * SECOND, 2); /* another process */
	assert_string_equal(find(*state, "192.0.2.1", 7 * SECOND, 2), "web");
}

static void test_an_answer_that_came_after_is_not_used(void **state)
{
	answer(*state, "only", "192.0.2.1", 10 * SECOND, 1);
	assert_null(find(*state, "192.0.2.1", 10 * SECOND - 1, 1));
	assert_string_equal(find(*state, "192.0.2.1", 10 * SECOND, 1), "only");
	answer(*state, "later", "192.0.2.1", 20 * SECOND, 1);
	assert_string_equal(find(*state, "192.0.2.1", 15 * SECOND, 1), "only");
	assert_string_equal(find(*state, "192.0.2.1", 15 * SECOND, 2), "only");
	assert_string_equal(find(*state, "192.0.2.1", 20 * SECOND, 1), "later");
}

static void test_an_answer_read_late_takes_its_place(void **state)
{
	answer(*state, "second", "192.0.2.1", 2 * SECOND, 1);
	answer(*state, "first", "192.0.2.1", 1 * SECOND, 1);
	assert_string_equal(find(*state, "192.0.2.1", 3 * SECOND, 1), "second");
	assert_string_equal(find(*state, "192.0.2.1", 1 * SECOND, 1), "first");
	answer(*state, "zeroth", "192.0.2.1", SECOND / 2, 1);
	assert_string_equal(find(*state, "192.0.2.1", 1 * SECOND, 1), "first");
}

static void test_same_time_means_the_one_learned_last(void **state)
{
	answer(*state, "first", "192.0.2.1", SECOND, 1);
	answer(*state, "second", "192.0.2.1", SECOND, 1);
	assert_string_equal(find(*state, "192.0.2.1", SECOND, 1), "second");
}

static void test_each_process_gets_its_own(void **state)
{
	answer(*state, "one", "192.0.2.1", 1 * SECOND, 1);
	answer(*state, "two", "192.0.2.1", 2 * SECOND, 2);
	assert_string_equal(find(*state, "192.0.2.1", 3 * SECOND, 1), "one");
	assert_string_equal(find(*state, "192.0.2.1", 3 * SECOND, 2), "two");
	assert_string_equal(find(*state, "192.0.2.1", 3 * SECOND, 3), "two");
	assert_string_equal(find(*state, "192.0.2.1", 3 * SECOND, 0), "two");
	assert_string_equal(find(*state, "192.0.2.1", 1 * SECOND, 2), "one");
	assert_string_equal(find(*state, "::ffff:192.0.2.1", 3 * SECOND, 1), "one");
}

static void test_answers_of_an_unknown_process(void **state)
{
	answer(*state, "mine", "192.0.2.1", 1 * SECOND, 1);
	answer(*state, "somebody's", "192.0.2.1", 2 * SECOND, 0);
	assert_string_equal(find(*state, "192.0.2.1", 3 * SECOND, 1), "mine");
	assert_string_equal(find(*state, "192.0.2.1", 3 * SECOND, 2), "somebody's");
	assert_string_equal(find(*state, "192.0.2.1", 3 * SECOND, 0), "somebody's");
}

static void test_stub_resolver(void **state)
{
	enum { RESOLVER = 100, APPLICATION = 200, OTHER = 300 };

	/* the resolver hears from upstream, answers the application, and asks again by itself */
	answer(*state, "target.cdn.example", "192.0.2.1", 1 * SECOND, RESOLVER);
	answer(*state, "www.example.org", "192.0.2.1", 2 * SECOND, APPLICATION);
	assert_string_equal(find(*state, "192.0.2.1", 3 * SECOND, OTHER), "www.example.org");
	answer(*state, "target.cdn.example", "192.0.2.1", 3 * SECOND, RESOLVER);
	assert_string_equal(find(*state, "192.0.2.1", 4 * SECOND, APPLICATION), "www.example.org");
}

static void test_stub_resolver_without_processes(void **state)
{
	answer(*state, "target.cdn.example", "192.0.2.1", 1 * SECOND, 0);
	answer(*state, "www.example.org", "192.0.2.1", 2 * SECOND, 0);
	assert_string_equal(find(*state, "192.0.2.1", 3 * SECOND, 200), "www.example.org");
}

static void test_library_and_wire_together(void **state)
{
	answer(*state, "host.search.example", "192.0.2.1", 1 * SECOND, 0);
	look_up(*state, "host", "192.0.2.1", 2 * SECOND, 1);
	assert_string_equal(find(*state, "192.0.2.1", 3 * SECOND, 1), "host");
}

static void test_own_answer_for_an_hour(void **state)
{
	answer(*state, "one", "192.0.2.1", 1 * SECOND, 1);
	answer(*state, "two", "192.0.2.1", 2 * SECOND, 2);
	assert_string_equal(find(*state, "192.0.2.1", HOUR + 1 * SECOND, 1), "one");
	assert_string_equal(find(*state, "192.0.2.1", HOUR + 1 * SECOND + 1, 1), "two");
}

static void test_own_answer_that_nobody_contests(void **state)
{
	answer(*state, "one", "192.0.2.1", SECOND, 1);
	assert_string_equal(find(*state, "192.0.2.1", 10 * HOUR, 1), "one");
}

static void test_a_day(void **state)
{
	answer(*state, "one", "192.0.2.1", SECOND, 1);
	assert_string_equal(find(*state, "192.0.2.1", 24 * HOUR + SECOND, 1), "one");
	assert_null(find(*state, "192.0.2.1", 24 * HOUR + SECOND + 1, 1));
}

static void test_what_is_a_day_old_goes(void **state)
{
	answer(*state, "one", "192.0.2.1", 1 * SECOND, 1);
	answer(*state, "two", "192.0.2.2", 2 * SECOND, 1);
	answer(*state, "three", "192.0.2.3", 24 * HOUR + 2 * SECOND, 1);
	assert_int_equal(dns_names__count(*state), 2);
}

static void test_age(void **state)
{
	const struct dns_process first = {.pid = 1}, third = {.pid = 3};
	struct dns_answer found = {.age_ns = 42};
	uint8_t address[16];
	int family = parse("192.0.2.1", address);

	assert_false(dns_names__find(*state, family, address, SECOND, &first, &found));
	assert_int_equal(found.age_ns, 42);
	answer(*state, "a", "192.0.2.1", SECOND, 1);
	answer(*state, "b", "192.0.2.1", 2 * SECOND, 2);
	assert_true(dns_names__find(*state, family, address, 3 * SECOND, &first, &found));
	assert_int_equal(found.age_ns, 2 * SECOND);
	assert_true(dns_names__find(*state, family, address, 3 * SECOND, &third, &found));
	assert_int_equal(found.age_ns, SECOND);
}

/* Whose answer it is */

static void test_network_namespaces_do_not_mix(void **state)
{
	const struct dns_process here = {.pid = 10, .netns = 1}, there = {.pid = 20, .netns = 2};
	const struct dns_process elsewhere = {.pid = 30, .netns = 3}, nowhere = {.pid = 40};

	answer_in(*state, 1, 1, "here", 1 * SECOND);
	answer_in(*state, 2, 2, "there", 2 * SECOND);
	assert_string_equal(find_for(*state, &here, 3 * SECOND, DNS_ASKER_OTHER), "here");
	assert_string_equal(find_for(*state, &there, 3 * SECOND, DNS_ASKER_OTHER), "there");
	assert_null(find_for(*state, &elsewhere, 3 * SECOND, DNS_ASKER_OTHER));
	assert_null(find_for(*state, &nowhere, 3 * SECOND, DNS_ASKER_OTHER));
	assert_int_equal(dns_names__count(*state), 2);
}

static void test_own_answers_count_in_any_namespace(void **state)
{
	const struct dns_process who = {.pid = 10, .netns = 2};

	answer_in(*state, 1, 10, "mine", 1 * SECOND);
	answer_in(*state, 2, 20, "theirs", 2 * SECOND);
	assert_string_equal(find_for(*state, &who, 3 * SECOND, DNS_ASKER_SELF), "mine");
}

static void test_parents_go_before_others(void **state)
{
	const struct dns_process who = {.pid = 10, .parents = {11, 12, 13, 14}, .netns = 1};

	answer_in(*state, 1, 14, "oldest", 1 * SECOND);
	answer_in(*state, 1, 20, "other", 2 * SECOND);
	assert_string_equal(find_for(*state, &who, 9 * SECOND, DNS_ASKER_PARENT), "oldest");
	answer_in(*state, 2, 11, "shell", 3 * SECOND);
	answer_in(*state, 1, 14, "oldest again", 4 * SECOND);
	answer_in(*state, 1, 20, "other", 5 * SECOND);
	assert_string_equal(find_for(*state, &who, 9 * SECOND, DNS_ASKER_PARENT), "shell");
	answer_in(*state, 1, 10, "own", 6 * SECOND);
	answer_in(*state, 1, 11, "shell again", 7 * SECOND);
	assert_string_equal(find_for(*state, &who, 9 * SECOND, DNS_ASKER_SELF), "own");
}

static void test_parents_answers_for_an_hour(void **state)
{
	const struct dns_process who = {.pid = 10, .parents = {11}, .netns = 1};

	answer_in(*state, 1, 11, "shell", 1 * SECOND);
	answer_in(*state, 1, 20, "other", 2 * SECOND);
	assert_string_equal(find_for(*state, &who, HOUR + SECOND, DNS_ASKER_PARENT), "shell");
	assert_string_equal(find_for(*state, &who, HOUR + SECOND + 1, DNS_ASKER_OTHER), "other");
}

/* Bounds */

static const char *nth_address(unsigned int n)
{
	static char text[INET_ADDRSTRLEN];

	snprintf(text, sizeof(text), "10.%u.%u.%u", n >> 16 & 0xff, n >> 8 & 0xff, n & 0xff);
	return text;
}

static void test_the_oldest_address_goes_first(void **state)
{
	for (unsigned int i = 0; i < DNS_NAMES_MAX_ADDRESSES; i++)
		answer(*state, "a", nth_address(i), i, 1);
	assert_int_equal(dns_names__count(*state), DNS_NAMES_MAX_ADDRESSES);
	answer(*state, "again", nth_address(0), DNS_NAMES_MAX_ADDRESSES, 1);
	assert_int_equal(dns_names__count(*state), DNS_NAMES_MAX_ADDRESSES);
	answer(*state, "new", "192.0.2.1", DNS_NAMES_MAX_ADDRESSES + 1, 1);
	assert_int_equal(dns_names__count(*state), DNS_NAMES_MAX_ADDRESSES);
	assert_string_equal(find(*state, nth_address(0), SECOND, 1), "again");
	assert_null(find(*state, nth_address(1), SECOND, 1));
	assert_string_equal(find(*state, nth_address(2), SECOND, 1), "a");
	assert_string_equal(find(*state, "192.0.2.1", SECOND, 1), "new");
}

static void test_the_oldest_process_answer_goes_first(void **state)
{
	for (uint32_t pid = 1; pid <= DNS_NAMES_MAX_PROCESS_ANSWERS; pid++)
		answer(*state, pid == 1 ? "one" : "other", "192.0.2.1", pid, pid);
	assert_string_equal(find(*state, "192.0.2.1", SECOND, 1), "one");
	answer(*state, "last", "192.0.2.1", DNS_NAMES_MAX_PROCESS_ANSWERS + 1,
	       DNS_NAMES_MAX_PROCESS_ANSWERS + 1);
	assert_string_equal(find(*state, "192.0.2.1", SECOND, 1), "last");
	assert_string_equal(find(*state, "192.0.2.1", SECOND, 2), "other");
}

/*
 * As much as can be held: every answer its own name of 255 bytes, two for each address and two for
 * each process. 0 where malloc() isn't glibc's, as under sanitizers and valgrind.
 */
static void test_memory_is_bounded(void **state)
{
	size_t before = mallinfo2().uordblks;
	size_t used;
	char name[256];
	char label[8];

	for (int i = 0; i < 253; i++)
		name[i] = i % 64 == 63 ? '.' : 'a';
	name[253] = '\0';
	for (unsigned int i = 0; i < 6 * DNS_NAMES_MAX_ADDRESSES; i++) {
		uint32_t pid = i < 3 * DNS_NAMES_MAX_ADDRESSES ? 1 + i % 2 : 0;

		snprintf(label, sizeof(label), "%06u", i);
		memcpy(name, label, 6);
		assert_int_equal(
			look_up(*state, name, nth_address(i % DNS_NAMES_MAX_ADDRESSES), i, pid), 1);
	}
	used = mallinfo2().uordblks - before;
	print_message("[   INFO   ] a full table of the longest names: %zu bytes\n", used);
	assert_true(used <= DNS_NAMES_MAX_BYTES);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_addresses_get_the_question),
		TEST(test_aliases_show_the_name_asked_for),
		TEST(test_case_is_kept),
		TEST(test_names_are_printed_as_dnslib_does),
		TEST(test_dots_and_backslashes_in_labels),
		TEST(test_ipv4_mapped_addresses_are_ipv4),
		TEST(test_answers_without_addresses_change_nothing),
		TEST(test_only_class_in_and_the_right_size),
		TEST(test_only_successful_answers_to_queries),
		TEST(test_exactly_one_question),
		TEST(test_other_sections_are_not_read),
		TEST(test_cut_short_at_every_byte),
		TEST(test_bytes_behind_the_message),
		TEST(test_counts_that_lie),
		TEST(test_lengths_that_lie),
		TEST(test_compressed_questions_are_refused),
		TEST(test_longest_labels_and_names),
		TEST(test_pointer_behind_the_longest_labels),
		TEST(test_name_that_grows_most_when_printed),
		TEST(test_root_is_no_name),
		TEST(test_chain_of_pointers_costs_nothing),
		TEST(test_largest_messages),
		TEST(test_empty_and_tiny_messages),
		TEST(test_random_bytes),
		TEST(test_library_names),
		TEST(test_library_names_that_are_none),
		TEST(test_addresses_in_text_are_no_names),
		TEST(test_unknown_family),
		TEST(test_the_latest_answer),
		TEST(test_a_search_domain_stays),
		TEST(test_an_answer_that_came_after_is_not_used),
		TEST(test_an_answer_read_late_takes_its_place),
		TEST(test_same_time_means_the_one_learned_last),
		TEST(test_each_process_gets_its_own),
		TEST(test_answers_of_an_unknown_process),
		TEST(test_stub_resolver),
		TEST(test_stub_resolver_without_processes),
		TEST(test_library_and_wire_together),
		TEST(test_own_answer_for_an_hour),
		TEST(test_own_answer_that_nobody_contests),
		TEST(test_a_day),
		TEST(test_what_is_a_day_old_goes),
		TEST(test_age),
		TEST(test_network_namespaces_do_not_mix),
		TEST(test_own_answers_count_in_any_namespace),
		TEST(test_parents_go_before_others),
		TEST(test_parents_answers_for_an_hour),
		TEST(test_the_oldest_address_goes_first),
		TEST(test_the_oldest_process_answer_goes_first),
		TEST(test_memory_is_bounded),
	};

	return cmocka_run_group_tests_name("dns_names", tests, NULL, NULL);
}
