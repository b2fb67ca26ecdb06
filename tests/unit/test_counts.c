// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output/counts.h"
#include "test.h"

static struct counted_flow flow(const char *saddr, const char *daddr, uint16_t dport,
				uint64_t connects)
{
	struct counted_flow made = {.key = {.dport = dport}, .count = {.connects = connects}};

	made.key.family = strchr(saddr, ':') ? AF_INET6 : AF_INET;
	assert_int_equal(inet_pton(made.key.family, saddr, made.key.saddr), 1);
	assert_int_equal(inet_pton(made.key.family, daddr, made.key.daddr), 1);
	return made;
}

static char *print(struct counted_flow *flows, size_t count)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	counts__print(out, flows, count, false);
	fclose(out);
	return text;
}

static const char header[] =
	"\nLADDR                     RADDR                     RPORT                CONNECTS  \n";

static void nothing_counted(void **state)
{
	char *text = print(NULL, 0);
	(void)state;

	assert_string_equal(text, header);
	free(text);
}

static void ipv4_first_and_the_most_connects_first(void **state)
{
	struct counted_flow flows[] = {
		flow("::1", "::1", 80, 900),
		flow("10.0.0.1", "10.0.0.2", 80, 2),
		flow("::1", "::1", 443, 1000),
		flow("10.0.0.1", "10.0.0.3", 443, 70),
	};
	char expected[1024];
	char *text = print(flows, 4);
	(void)state;

	snprintf(expected, sizeof(expected), "%s%s", header,
		 "10.0.0.1                  10.0.0.3                  443                  70      "
		 "  \n"
		 "10.0.0.1                  10.0.0.2                  80                   2       "
		 "  \n"
		 "::1                       ::1                       443                  1000    "
		 "  \n"
		 "::1                       ::1                       80                   900     "
		 "  \n");
	assert_string_equal(text, expected);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_counted),
		cmocka_unit_test(ipv4_first_and_the_most_connects_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
