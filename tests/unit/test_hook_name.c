// SPDX-License-Identifier: Apache-2.0
#include <errno.h>

#include "compiler/hook_name.h"
#include "test.h"

static void assert_section(const char *function, const char *expected)
{
	char section[64];

	assert_int_equal(hook_name__section(function, section, sizeof(section)), 0);
	assert_string_equal(section, expected);
}

static void names_that_say_a_hook(void **state)
{
	(void)state;
	assert_section("kprobe__tcp_v4_connect", "kprobe/tcp_v4_connect");
	assert_section("kretprobe__tcp_v4_connect", "kretprobe/tcp_v4_connect");
	assert_section("kprobe____x64_sys_connect", "kprobe/__x64_sys_connect");
	assert_section("tracepoint__sock__inet_sock_set_state",
		       "tracepoint/sock/inet_sock_set_state");
	assert_section("raw_tracepoint__sched_switch", "raw_tracepoint/sched_switch");
	assert_section("kfunc__tcp_v4_connect", "fentry/tcp_v4_connect");
	assert_section("sockops__tcp_connect", "sockops");
	assert_section("cgroup_skb__ingress", "cgroup_skb/ingress");
}

static void names_that_do_not(void **state)
{
	static const char *const names[] = {
		"connect",	   "kprobe__", "kprobe_x", "tracepoint__sock", "tracepoint__sock__",
		"tracepoint____x", ""};
	char section[64];
	(void)state;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_int_equal(hook_name__section(names[i], section, sizeof(section)), -ENOENT);
	assert_int_equal(hook_name__section("kprobe__tcp_v4_connect", section, 10), -ENAMETOOLONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_that_say_a_hook),
		cmocka_unit_test(names_that_do_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
