// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <string.h>

#include "object/kernel_identity.h"
#include "test.h"

static void written_and_read(void **state)
{
	struct kernel_identity running, read;
	char lines[KERNEL_IDENTITY_MAX];
	(void)state;

	kernel_identity__get(&running, NULL);
	kernel_identity__write(&running, lines, sizeof(lines));
	assert_int_equal(kernel_identity__read(&read, lines, strlen(lines)), 0);
	assert_true(kernel_identity__same(&running, &read));
	assert_string_equal(running.version, read.version);
	assert_true(running.version[0]);
}

static void another_kernel(void **state)
{
	struct kernel_identity running, other;
	(void)state;

	kernel_identity__get(&running, NULL);
	kernel_identity__get(&other, "1.2.3-other");
	assert_string_equal(other.version, ""); /* nobody knows it */
	assert_false(kernel_identity__same(&running, &other));
	kernel_identity__get(&other, running.release);
	assert_true(kernel_identity__same(&running, &other));
	strcpy(other.version, "#2 another build of the same release");
	assert_false(kernel_identity__same(&running, &other));
	other.version[0] = '\0';
	strcpy(other.build_id, "0123");
	strcpy(running.build_id, "0124"); /* the same text of uname(1), another configuration */
	assert_false(kernel_identity__same(&running, &other));
	running.build_id[0] = '\0';
	assert_true(kernel_identity__same(&running, &other));
	strcpy(other.machine, "s390x");
	assert_false(kernel_identity__same(&running, &other));
}

static void lines_that_are_none(void **state)
{
	struct kernel_identity read;
	char longer[200];
	(void)state;

	assert_int_equal(kernel_identity__read(&read, "", 0), -EINVAL);
	assert_int_equal(kernel_identity__read(&read, "a\nb\nc\n", 6), -EINVAL);
	assert_int_equal(kernel_identity__read(&read, "a\nb\nc\nd", 7), -EINVAL);
	assert_int_equal(kernel_identity__read(&read, "a\nb\nc\nd\ne\n", 10), -EINVAL);
	memset(longer, 'x', sizeof(longer));
	memcpy(longer + 100, "\nb\nc\nd\n", 7);
	assert_int_equal(kernel_identity__read(&read, longer, 107), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(written_and_read),
		cmocka_unit_test(another_kernel),
		cmocka_unit_test(lines_that_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
