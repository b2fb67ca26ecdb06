// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "test.h"
#include "trace/kallsyms.h"

static char renamed[KALLSYMS_NAME_SIZE];

static int find(const char *symbols, const char *function)
{
	FILE *text = fmemopen((void *)symbols, strlen(symbols), "r");
	int err;

	assert_non_null(text);
	err = kallsyms__find_renamed_in(text, function, renamed);
	fclose(text);
	return err;
}

static void by_thinlto(void **state)
{
	(void)state;
	assert_int_equal(find("ffffffff81000000 T _stext\n"
			      "ffffffff81a0b0c0 t tcp_v6_connect.llvm.1234567890\n"
			      "ffffffff81a0b1c0 t tcp_v6_conn_request\n",
			      "tcp_v6_connect"),
			 0);
	assert_string_equal(renamed, "tcp_v6_connect.llvm.1234567890");
}

static void by_gcc_in_a_module(void **state)
{
	(void)state;
	assert_int_equal(find("0 t tcp_v6_connect.isra.0\t[ipv6]\n", "tcp_v6_connect"), 0);
	assert_string_equal(renamed, "tcp_v6_connect.isra.0");
	assert_int_equal(find("0 t f.constprop.12.isra.3\n", "f"), 0);
	assert_string_equal(renamed, "f.constprop.12.isra.3");
}

static void parts_are_not_the_function(void **state)
{
	(void)state;
	assert_int_equal(find("0 t f.part.0\n0 t f.cold\n0 t f.isra.0.cold\n0 t f.isra.0.part.1\n"
			      "0 d f.llvm.1\n0 t f.llvm.\n0 t ff.llvm.1\n0 t f_llvm.1\n",
			      "f"),
			 -ENOENT);
}

static void two_are_none(void **state)
{
	(void)state;
	assert_int_equal(find("0 t f.isra.0\n1 t f.isra.0\n", "f"), -ENOENT);
}

static void no_symbols(void **state)
{
	(void)state;
	assert_int_equal(find("\n", "f"), -ENOENT);
	assert_int_equal(find("not a line of kallsyms", "f"), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_thinlto),
		cmocka_unit_test(by_gcc_in_a_module),
		cmocka_unit_test(parts_are_not_the_function),
		cmocka_unit_test(two_are_none),
		cmocka_unit_test(no_symbols),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
