// SPDX-License-Identifier: Apache-2.0
/* The rows of tcpconnect-bpfcc, byte for byte; the expected ones were printed by it. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "event_members.h"
#include "output/output.h"
#include "test.h"

struct query {
	const char *name;
	uint64_t age_ns;
};

static const struct query no_query;

static struct event connect_event(const char *saddr, const char *daddr)
{
	struct event event = {
		.time_ns = 5000000000,
		.kind = EVENT_CONNECT,
		.lport = 50878,
		.dport = 443,
		.pid = 1469,
		.tid = 1470,
		.uid = 1000,
		.comm = "curl",
	};

	event.family = strchr(saddr, ':') ? AF_INET6 : AF_INET;
	assert_int_equal(inet_pton(event.family, saddr, event.saddr), 1);
	assert_int_equal(inet_pton(event.family, daddr, event.daddr), 1);
	return event;
}

/* What a table prints for the header and these rows. */
static char *print(struct options options, const struct event *events, size_t count,
		   const struct query *query)
{
	const struct event_layout layout = layout_of(FIXED_MEMBERS);
	const struct columns_source source = {.layout = &layout, .queries = options.dns};
	struct output output = {.format = &table_format};
	char *text, *rows;
	size_t size;

	output.out = open_memstream(&text, &size);
	assert_int_equal(output.format->begin(&output, &options, &source), 0);
	for (size_t i = 0; i < count; i++) {
		struct record record = {.event = &events[i],
					.query = query->name,
					.query_age_ns = query->age_ns,
					.first_ns = events[0].time_ns};

		output.format->row(&output, &record);
	}
	output.format->end(&output);
	fclose(output.out);
	rows = strchr(text, '\n') + 1; /* behind the line that says how to end it */
	memmove(text, rows, strlen(rows) + 1);
	return text;
}

static void assert_prints(struct options options, const struct event *event,
			  const struct query *query, const char *expected)
{
	char *text = print(options, event, 1, query);

	assert_string_equal(text, expected);
	free(text);
}

static void plain(void **state)
{
	struct event event = connect_event("10.0.0.1", "192.0.2.7");
	(void)state;

	assert_prints((struct options){0}, &event, &no_query,
		      "PID     COMM         IP SADDR            DADDR            DPORT \n"
		      "1469    curl         4  10.0.0.1         192.0.2.7        443    \n");
}

static void ipv6_addresses_are_wider_than_their_column(void **state)
{
	struct event event = connect_event("fe80::2000:bff:fe82:3ac", "::1");
	(void)state;

	assert_prints((struct options){0}, &event, &no_query,
		      "PID     COMM         IP SADDR            DADDR            DPORT \n"
		      "1469    curl         6  fe80::2000:bff:fe82:3ac ::1              443    \n");
}

static void every_column(void **state)
{
	struct event events[2] = {connect_event("10.0.0.1", "192.0.2.7"),
				  connect_event("10.0.0.1", "192.0.2.7")};
	struct query query = {.name = "www.example.org"};
	struct options options = {
		.timestamp = true, .print_uid = true, .local_port = true, .dns = true};
	char *text;
	(void)state;

	events[1].time_ns += 1234567890;
	events[1].uid = 4294967294;
	text = print(options, events, 2, &query);
	assert_string_equal(text, "TIME(s)  UID   PID     COMM         IP SADDR            LPORT  "
				  "DADDR            DPORT  "
				  "QUERY\n"
				  "0.000    1000  1469    curl         4  10.0.0.1         50878  "
				  "192.0.2.7        443    "
				  "www.example.org\n"
				  "1.235    42949672941469    curl         4  10.0.0.1         "
				  "50878  192.0.2.7        443   "
				  " www.example.org\n");
	free(text);
}

static void the_query_column(void **state)
{
	static const char header[] =
		"PID     COMM         IP SADDR            DADDR            DPORT  QUERY\n";
	struct event event = connect_event("10.0.0.1", "192.0.2.7");
	struct event local = connect_event("127.0.0.1", "127.0.0.1");
	struct event local6 = connect_event("::1", "::1");
	struct query old = {.name = "example.org", .age_ns = 123456000};
	struct query young = {.name = "example.org", .age_ns = 100000000};
	struct query none = {0};
	struct options options = {.dns = true};
	char expected[512];
	(void)state;

	snprintf(expected, sizeof(expected), "%s%s", header,
		 "1469    curl         4  10.0.0.1         192.0.2.7        443    example.org "
		 "(123.456ms)\n");
	assert_prints(options, &event, &old, expected);
	snprintf(expected, sizeof(expected), "%s%s", header,
		 "1469    curl         4  10.0.0.1         192.0.2.7        443    example.org\n");
	assert_prints(options, &event, &young, expected);
	snprintf(expected, sizeof(expected), "%s%s", header,
		 "1469    curl         4  10.0.0.1         192.0.2.7        443    No DNS Query\n");
	assert_prints(options, &event, &none, expected);
	snprintf(expected, sizeof(expected), "%s%s", header,
		 "1469    curl         4  127.0.0.1        127.0.0.1        443    localhost\n");
	assert_prints(options, &local, &none, expected);
	snprintf(expected, sizeof(expected), "%s%s", header,
		 "1469    curl         6  ::1              ::1              443    localhost\n");
	assert_prints(options, &local6, &none, expected);
}

static void a_command_is_cut_to_its_column_and_harmless(void **state)
{
	struct event event = connect_event("10.0.0.1", "192.0.2.7");
	char *text;
	(void)state;

	memcpy(event.comm, "0123456789abcdef", 16);
	text = print((struct options){0}, &event, 1, &no_query);
	assert_non_null(strstr(text, "1469    0123456789ab 4  "));
	free(text);
	memcpy(event.comm, "a\033[2Jb\n\0xxxxxxxxx", 16);
	text = print((struct options){0}, &event, 1, &no_query);
	assert_null(strchr(text, '\033'));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain),
		cmocka_unit_test(ipv6_addresses_are_wider_than_their_column),
		cmocka_unit_test(every_column),
		cmocka_unit_test(the_query_column),
		cmocka_unit_test(a_command_is_cut_to_its_column_and_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
