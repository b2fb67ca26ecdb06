// SPDX-License-Identifier: Apache-2.0
/* What a process asked for, of whichever family, and what went out. */
#include <arpa/inet.h>
#include <string.h>

#include "test.h"
#include "trace/event.h"

static struct event event_to(const char *daddr)
{
	struct event event = {.family = strchr(daddr, ':') ? AF_INET6 : AF_INET};

	assert_int_equal(inet_pton(event.family, daddr, event.daddr), 1);
	return event;
}

/* `given` as the probes write it, IPv4 mapped; NULL: the event has no such member. */
static void assert_asked(const char *daddr, const char *given, const char *expected)
{
	struct event event = event_to(daddr);
	char text[INET6_ADDRSTRLEN];
	mapped_address member = {0};
	struct asked asked;

	if (given)
		assert_int_equal(inet_pton(AF_INET6, given, member), 1);
	asked = event__asked(&event, given ? member : NULL);
	assert_int_equal(asked.family, strchr(expected, ':') ? AF_INET6 : AF_INET);
	assert_string_equal(inet_ntop(asked.family, asked.address, text, sizeof(text)), expected);
	if (asked.family == AF_INET)
		assert_memory_equal(asked.address + 4, (uint8_t[12]){0}, 12);
}

static void what_goes_out_where_nothing_is_known(void **state)
{
	(void)state;
	assert_asked("192.0.2.7", NULL, "192.0.2.7");
	assert_asked("2001:db8::7", NULL, "2001:db8::7");
	assert_asked("192.0.2.7", "::", "192.0.2.7");
	assert_asked("2001:db8::7", "::", "2001:db8::7");
}

static void what_the_process_gave(void **state)
{
	(void)state;
	assert_asked("10.1.2.3", "::ffff:10.0.0.10", "10.0.0.10");
	assert_asked("2001:db8::7", "fd00::10", "fd00::10");
	assert_asked("2001:db8::7", "fd00::", "fd00::");
}

/* A back end can be of the other family. */
static void families_can_differ(void **state)
{
	(void)state;
	assert_asked("10.1.2.3", "fd00::10", "fd00::10");
	assert_asked("2001:db8::7", "::ffff:10.0.0.10", "10.0.0.10");
}

/* With -6 an IPv4-mapped address is shown as one. */
static void mapped_where_daddr_is_mapped(void **state)
{
	(void)state;
	assert_asked("::ffff:10.1.2.3", "::ffff:10.0.0.10", "::ffff:10.0.0.10");
	assert_asked("::ffff:10.1.2.3", "::", "::ffff:10.1.2.3");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_goes_out_where_nothing_is_known),
		cmocka_unit_test(what_the_process_gave),
		cmocka_unit_test(families_can_differ),
		cmocka_unit_test(mapped_where_daddr_is_mapped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
