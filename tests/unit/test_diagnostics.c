// SPDX-License-Identifier: Apache-2.0
#include "compiler/diagnostics.h"
#include "test.h"

#define IN_A_PROBE "connect_kprobe.c:15:7: error: expected expression\n"
#define IN_A_HEADER \
	"In file included from event.h:6:\ninclude/net/sock.h:3:1: error: unknown type\n"

static void words_about_the_probe_win(void **state)
{
	struct diagnostics best = {0};
	(void)state;

	diagnostics__consider(&best, IN_A_HEADER, "headers");
	assert_false(best.about_probes);
	diagnostics__consider(&best, IN_A_PROBE, "kernel BTF");
	assert_true(best.about_probes);
	diagnostics__consider(&best, IN_A_HEADER, "headers again");
	assert_string_equal(best.said, IN_A_PROBE);
	assert_string_equal(best.types, "kernel BTF");
	diagnostics__free(&best);
}

static void the_later_of_equals_wins(void **state)
{
	struct diagnostics best = {0};
	(void)state;

	diagnostics__consider(&best, IN_A_PROBE "first", "few types");
	diagnostics__consider(&best, IN_A_PROBE "second", "all types");
	assert_string_equal(best.types, "all types");
	diagnostics__free(&best);
}

static void silence(void **state)
{
	struct diagnostics best = {0};
	(void)state;

	diagnostics__consider(&best, NULL, "headers");
	assert_false(best.about_probes);
	assert_string_equal(best.said, "");
	diagnostics__free(&best);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_about_the_probe_win),
		cmocka_unit_test(the_later_of_equals_wins),
		cmocka_unit_test(silence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
