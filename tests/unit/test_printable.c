/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "printable.h"

static void check_bytes(const char *in, size_t length, const char *expected)
{
	char out[PRINTABLE_SIZE(256)];

	assert_int_equal(printable(out, sizeof(out), in, length), strlen(expected));
	assert_string_equal(out, expected);
}

static void check(const char *in, const char *expected)
{
	check_bytes(in, strlen(in), expected);
}

static void test_ascii_is_kept_byte_for_byte(void **state)
{
	char all[0x7f - 0x20 + 1] = "";

	(void)state;
	for (char c = ' '; c < 0x7f; c++)
		all[c - ' '] = c;
	check(all, all);
	check("", "");
	check("kworker/0:1-events", "kworker/0:1-events");
	check("C:\\x1b", "C:\\x1b");
}

static void test_control_characters_are_escaped(void **state)
{
	(void)state;
	check("\x1b[2J", "\\x1b[2J");
	check("a\nb\rc\td", "a\\x0ab\\x0dc\\x09d");
	check_bytes("a\0b", 3, "a\\x00b");
	check("\x7f", "\\x7f");
	for (int c = 0; c < 256; c++) {
		char in = (char)c;
		char out[PRINTABLE_SIZE(1)];
		size_t length = printable(out, sizeof(out), &in, 1);

		assert_int_equal(length, c >= 0x20 && c < 0x7f ? 1 : 4);
	}
}

static void test_utf8_letters_pass(void **state)
{
	(void)state;
	check("caf\xc3\xa9", "caf\xc3\xa9");	       /* U+00E9 */
	check("\xc2\xa0", "\xc2\xa0");		       /* U+00A0, the first behind C1 */
	check("\xe2\x82\xac", "\xe2\x82\xac");	       /* U+20AC */
	check("\xf0\x9f\x90\x9d", "\xf0\x9f\x90\x9d"); /* U+1F41D */
	check("\xef\xbf\xbd", "\xef\xbf\xbd");	       /* U+FFFD */
	check("\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf"); /* U+10FFFF */
	check("\xd7\xa9\xd7\x9c", "\xd7\xa9\xd7\x9c"); /* right-to-left letters */
	check("\xe2\x80\x8d\xe2\x81\xa0", "\xe2\x80\x8d\xe2\x81\xa0"); /* joiners */
}

static void test_harmful_code_points_are_escaped(void **state)
{
	(void)state;
	check("\xc2\x9b"
	      "31m",
	      "\\xc2\\x9b31m"); /* U+009B: CSI */
	check("\xc2\x80\xc2\x9f", "\\xc2\\x80\\xc2\\x9f");
	check("\xe2\x80\xa8\xe2\x80\xa9", "\\xe2\\x80\\xa8\\xe2\\x80\\xa9"); /* U+2028, U+2029 */
	check("\xe2\x80\xae", "\\xe2\\x80\\xae");			     /* U+202E */
	check("\xe2\x81\xa6\xe2\x81\xa9", "\\xe2\\x81\\xa6\\xe2\\x81\\xa9"); /* U+2066, U+2069 */
	check("\xd8\x9c\xe2\x80\x8f", "\\xd8\\x9c\\xe2\\x80\\x8f");	     /* U+061C, U+200F */
}

static void test_invalid_utf8_is_escaped(void **state)
{
	(void)state;
	check("\x9b", "\\x9b"); /* C1 as a raw byte */
	check("\xff\xfe", "\\xff\\xfe");
	check("\xc0\x8a", "\\xc0\\x8a");	  /* newline in two bytes */
	check("\xe0\x80\x8a", "\\xe0\\x80\\x8a"); /* in three */
	check("\xf0\x80\x80\x8a", "\\xf0\\x80\\x80\\x8a");
	check("\xed\xa0\x80", "\\xed\\xa0\\x80");	   /* a surrogate */
	check("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"); /* above U+10FFFF */
	check("\xf8\x88\x80\x80\x80", "\\xf8\\x88\\x80\\x80\\x80");
	check("\xc3", "\\xc3"); /* cut short */
	check("\xe2\x82", "\\xe2\\x82");
	check("\xc3(\xc3\xa9", "\\xc3(\xc3\xa9"); /* recovers at once */
	check("\xc3\x1b", "\\xc3\\x1b");
}

static void test_result_ends_at_a_whole_character(void **state)
{
	const char *in = "ab\xc3\xa9\x1b"
			 "c";
	const char *const expected[] = {"",
					"",
					"a",
					"ab",
					"ab",
					"ab\xc3\xa9",
					"ab\xc3\xa9",
					"ab\xc3\xa9",
					"ab\xc3\xa9",
					"ab\xc3\xa9\\x1b",
					"ab\xc3\xa9\\x1b"
					"c",
					"ab\xc3\xa9\\x1b"
					"c"};

	(void)state;
	for (size_t size = 1; size < sizeof(expected) / sizeof(expected[0]); size++) {
		char out[16];

		memset(out, '#', sizeof(out));
		assert_int_equal(printable(out, size, in, strlen(in)), strlen(expected[size]));
		assert_string_equal(out, expected[size]);
		assert_int_equal(out[size], '#');
	}
}

static void test_no_room_at_all(void **state)
{
	char out = '#';

	(void)state;
	assert_int_equal(printable(&out, 0, "a", 1), 0);
	assert_int_equal(out, '#');
	assert_int_equal(printable(&out, 1, "a", 1), 0);
	assert_int_equal(out, '\0');
}

static void test_given_size_suffices(void **state)
{
	char in[16];
	char out[PRINTABLE_SIZE(sizeof(in))];

	(void)state;
	memset(in, '\x1b', sizeof(in)); /* a command name that fills its array */
	assert_int_equal(printable(out, sizeof(out), in, sizeof(in)), sizeof(out) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ascii_is_kept_byte_for_byte),
		cmocka_unit_test(test_control_characters_are_escaped),
		cmocka_unit_test(test_utf8_letters_pass),
		cmocka_unit_test(test_harmful_code_points_are_escaped),
		cmocka_unit_test(test_invalid_utf8_is_escaped),
		cmocka_unit_test(test_result_ends_at_a_whole_character),
		cmocka_unit_test(test_no_room_at_all),
		cmocka_unit_test(test_given_size_suffices),
	};

	return cmocka_run_group_tests_name("printable", tests, NULL, NULL);
}
