// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <string.h>

#include "compiler/hook_name.h"
#include "test.h"

static void assert_section(const char *function, const char *expected)
{
	struct hook_name name;
	char why[512];

	assert_int_equal(hook_name__read(function, &name, why, sizeof(why)), 0);
	assert_string_equal(name.section, expected);
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
	assert_section("cgroup__connect4", "cgroup/connect4");
	assert_section("spare_kprobe__skb_consume_udp", "kprobe/skb_consume_udp");
	assert_section("asked_kprobe__tcp_v4_pre_connect", "kprobe/tcp_v4_pre_connect");
	assert_section("asked_cgroup__connect4", "cgroup/connect4");
}

/* What is wrong is said, and what there is. */
static void names_that_do_not(void **state)
{
	static const char *const names[][2] = {
		{"connect",
		 "known beginnings: kprobe__, kretprobe__, spare_kprobe__, asked_kprobe__"},
		{"kprobe_x", "known beginnings"},
		{"", "known beginnings"},
		{"kprobe__", "no target"},
		{"tracepoint__sock", "tracepoint__CATEGORY__EVENT"},
		{"tracepoint__sock__", "tracepoint__CATEGORY__EVENT"},
		{"tracepoint____x", "tracepoint__CATEGORY__EVENT"},
		{"cgroup_skb__sideways", "can stand: ingress egress"},
		{"cgroup_skb__gress", "can stand: ingress egress"},
		{"cgroup__connect", "connect4 connect6"},
	};
	struct hook_name name;
	char why[512], long_name[400] = "kprobe__";
	(void)state;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_int_equal(hook_name__read(names[i][0], &name, why, sizeof(why)), -ENOENT);
		assert_non_null(strstr(why, names[i][1]));
	}
	memset(long_name + strlen(long_name), 'x', 300);
	assert_int_equal(hook_name__read(long_name, &name, why, sizeof(why)), -ENAMETOOLONG);
}

/* Programs of cgroups may not call what libbcc writes for a read of the kernel's memory. */
static void which_may_call_the_old_reads(void **state)
{
	struct hook_name name;
	char why[512];
	(void)state;

	assert_int_equal(hook_name__read("kprobe__f", &name, why, sizeof(why)), 0);
	assert_true(name.has_old_reads);
	assert_int_equal(hook_name__read("sockops__f", &name, why, sizeof(why)), 0);
	assert_false(name.has_old_reads);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_that_say_a_hook),
		cmocka_unit_test(names_that_do_not),
		cmocka_unit_test(which_may_call_the_old_reads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
