// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "test.h"
#include "trace/uretprobe_check.h"

static void kernels(void **state)
{
	static const struct {
		const char *machine;
		const char *release;
		bool possible;
	} tried[] = {
		{"x86_64", "6.11.0", true},	    {"x86_64", "6.12.9+bpo-amd64", true},
		{"x86_64", "6.13-rc1", true},	    {"x86_64", "6.14.0", false},
		{"x86_64", "6.10.11-amd64", false}, {"x86_64", "5.15.0", false},
		{"aarch64", "6.12.9", false},	    {"x86_64", "odd", false},
		{"x86_64", "7.11.0", false},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(tried) / sizeof(tried[0]); i++)
		assert_int_equal(uretprobe_check__is_possible(tried[i].machine, tried[i].release),
				 tried[i].possible);
}

static int hook_nothing(pid_t child, void (*call)(void))
{
	(void)child;
	(void)call;
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static int hook_fails(pid_t child, void (*call)(void))
{
	(void)child;
	(void)call;
	return -EACCES;
}

static void returns(void)
{
}

/* As the return through a uretprobe on the kernels in question: a call that the filter forbids. */
static void calls_what_is_forbidden(void)
{
	syscall(SYS_getpid);
}

static void is_killed(void)
{
	__builtin_trap();
}

static void either_answer(void **state)
{
	(void)state;
	assert_int_equal(uretprobe_check__try(returns, hook_nothing), URETPROBE_HARMLESS);
	assert_int_equal(uretprobe_check__try(calls_what_is_forbidden, hook_nothing),
			 URETPROBE_KILLS);
	assert_int_equal(uretprobe_check__try(is_killed, hook_nothing), URETPROBE_KILLS);
	assert_int_equal(uretprobe_check__try(returns, hook_fails), URETPROBE_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kernels),
		cmocka_unit_test(either_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
