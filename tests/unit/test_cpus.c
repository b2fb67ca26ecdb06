// SPDX-License-Identifier: Apache-2.0
#include <errno.h>

#include "test.h"
#include "trace/cpus.h"

static struct cpus cpus;

static size_t count(void)
{
	size_t found = 0;

	for (size_t cpu = 0; cpu < CPUS_MAX; cpu++)
		found += cpus.is_in[cpu];
	return found;
}

static void one(void **state)
{
	(void)state;
	assert_int_equal(cpus__parse("0\n", &cpus), 0);
	assert_int_equal(count(), 1);
	assert_true(cpus.is_in[0]);
	assert_int_equal(cpus.end, 1);
}

static void ranges(void **state)
{
	(void)state;
	assert_int_equal(cpus__parse("0-3,5,8-9", &cpus), 0);
	assert_int_equal(count(), 7);
	assert_true(cpus.is_in[3] && !cpus.is_in[4] && cpus.is_in[5] && cpus.is_in[9]);
	assert_int_equal(cpus.end, 10);
}

static void the_largest(void **state)
{
	(void)state;
	assert_int_equal(cpus__parse("8191\n", &cpus), 0);
	assert_int_equal(cpus.end, CPUS_MAX);
	assert_int_equal(cpus__parse("8192\n", &cpus), -EINVAL);
	assert_int_equal(cpus__parse("0-99999999999999999999\n", &cpus), -EINVAL);
}

static void no_list(void **state)
{
	static const char *const texts[] = {"",	   "\n", "-1",	 "+1",	  " 1",	    "1,",   "1-",
					    "3-1", "1 ", "1,,2", "0x1\n", "0\n1\n", "0-\n", "a"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (cpus__parse(texts[i], &cpus) != -EINVAL)
			fail_msg("\"%s\" is taken", texts[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one),
		cmocka_unit_test(ranges),
		cmocka_unit_test(the_largest),
		cmocka_unit_test(no_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
