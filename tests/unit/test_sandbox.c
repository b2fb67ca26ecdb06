// SPDX-License-Identifier: Apache-2.0
/* What a process can still do in the compiler's sandbox, tried from inside. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <bpf/bpf.h>

#include "compiler/sandbox.h"
#include "file.h"

#define ORDINARY_USER 65533

/* What a child ends with when the sandbox itself could not be made. */
#define NOT_CONFINED 111

/* Something to try: 0 when the process may, or an errno. */
typedef int (*attempt_fn)(const struct directory *directory);

static int result(long returned)
{
	return returned < 0 ? errno : 0;
}

static int open_socket(const struct directory *directory)
{
	(void)directory;
	return result(socket(AF_INET, SOCK_STREAM, 0));
}

static int execute(const struct directory *directory)
{
	(void)directory;
	return result(execl("/bin/true", "true", NULL));
}

static int trace(const struct directory *directory)
{
	(void)directory;
	return result(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL));
}

static int signal_others(const struct directory *directory)
{
	(void)directory;
	return result(kill(getppid(), 0));
}

static int mount_something(const struct directory *directory)
{
	return result(mount("none", directory__path(directory), "tmpfs", 0, NULL));
}

static int make_namespace(const struct directory *directory)
{
	(void)directory;
	return result(unshare(CLONE_NEWUSER));
}

static int open_perf_event(const struct directory *directory)
{
	(void)directory;
	return result(syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0));
}

static int load_module(const struct directory *directory)
{
	(void)directory;
	return result(syscall(SYS_init_module, NULL, 0, ""));
}

static int make_map(const struct directory *directory)
{
	union bpf_attr attributes = {
		.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1};

	(void)directory;
	return result(syscall(SYS_bpf, BPF_MAP_CREATE, &attributes, sizeof(attributes)));
}

static int fork_child(const struct directory *directory)
{
	pid_t pid = fork();

	(void)directory;
	if (pid == 0)
		_exit(0);
	return result(pid);
}

static int become_root(const struct directory *directory)
{
	(void)directory;
	return result(syscall(SYS_setuid, 0));
}

static int read_shadow(const struct directory *directory)
{
	(void)directory;
	return result(open("/etc/shadow", O_RDONLY));
}

/* Anybody may, but a compiler has no use for it. */
static int read_passwd(const struct directory *directory)
{
	(void)directory;
	return result(open("/etc/passwd", O_RDONLY));
}

static int read_process(const struct directory *directory)
{
	(void)directory;
	return result(open("/proc/1/status", O_RDONLY));
}

static int write_elsewhere(const struct directory *directory)
{
	(void)directory;
	return result(open("/var/tmp/sandbox-test", O_WRONLY | O_CREAT, 0600));
}

static int raise_limit(const struct directory *directory)
{
	struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};

	(void)directory;
	return result(setrlimit(RLIMIT_CPU, &limit));
}

static int open_null(const struct directory *directory)
{
	(void)directory;
	return result(open("/dev/null", O_RDONLY));
}

static int write_a_file(const struct directory *directory)
{
	return -directory__write(directory, "include/linux/x.h", "x", 1);
}

static int take_memory(const struct directory *directory)
{
	(void)directory;
	return malloc(3UL << 30) ? 0 : ENOMEM;
}

static int read_kernel_btf(const struct directory *directory)
{
	int err = result(open("/sys/kernel/btf/vmlinux", O_RDONLY));

	(void)directory;
	return err == ENOENT ? 0 : err; /* a kernel without */
}

/* The child's part: never returns. */
static void confine_and_try(bool as_root, attempt_fn attempt)
{
	static const char *const readable[] = {"/usr/include/linux"};
	struct sandbox sandbox = {.readable = readable, .readable_count = 1};
	struct directory *directory;

	if (!as_root && (setresgid(ORDINARY_USER, ORDINARY_USER, ORDINARY_USER) != 0 ||
			 setresuid(ORDINARY_USER, ORDINARY_USER, ORDINARY_USER) != 0))
		_exit(NOT_CONFINED);
	if (sandbox__drop(&sandbox) != 0 || directory__make(&directory) != 0 ||
	    sandbox__confine(&sandbox, directory) != 0)
		_exit(NOT_CONFINED);
	_exit(attempt(directory));
}

static int try_as(bool as_root, attempt_fn attempt)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		confine_and_try(as_root, attempt);
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void need_sandbox(void)
{
#ifdef __SANITIZE_ADDRESS__
	skip(); /* its shadow memory is beyond any limit */
#endif
	if (geteuid() != 0)
		skip();
}

static void ends_the_process_at_what_no_compiler_does(void **state)
{
	static const struct {
		const char *what;
		attempt_fn attempt;
	} attempts[] = {
		{"socket()", open_socket},
		{"execve()", execute},
		{"ptrace()", trace},
		{"kill()", signal_others},
		{"mount()", mount_something},
		{"unshare()", make_namespace},
		{"perf_event_open()", open_perf_event},
		{"init_module()", load_module},
		{"setuid()", become_root},
	};

	(void)state;
	need_sandbox();
	for (int as_root = 0; as_root <= 1; as_root++)
		for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
			int status = try_as(as_root, attempts[i].attempt);

			if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
				fail_msg("%s, %s: status %#x", attempts[i].what,
					 as_root ? "from root" : "from a user", status);
		}
}

/* Ends with this errno, or with the other; 0 is success. */
static void ends_with(attempt_fn attempt, bool as_root, const char *what, int wanted, int otherwise)
{
	int status = try_as(as_root, attempt);

	if (!WIFEXITED(status) ||
	    (WEXITSTATUS(status) != wanted && WEXITSTATUS(status) != otherwise))
		fail_msg("%s, %s: status %#x", what, as_root ? "from root" : "from a user", status);
}

static void refuses_the_rest(void **state)
{
	(void)state;
	need_sandbox();
	for (int as_root = 0; as_root <= 1; as_root++) {
		ends_with(make_map, as_root, "bpf()", EPERM, EPERM);
		ends_with(fork_child, as_root, "fork()", ENOSYS, ENOSYS);
		ends_with(raise_limit, as_root, "setrlimit()", ENOSYS, ENOSYS);
		ends_with(read_shadow, as_root, "/etc/shadow", EACCES, ENOENT);
		ends_with(take_memory, as_root, "3 GiB", ENOMEM, ENOMEM);
	}
}

static bool has_landlock(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, 1) > 0;
}

static void sees_few_files(void **state)
{
	(void)state;
	need_sandbox();
	for (int as_root = has_landlock() ? 0 : 1; as_root <= 1; as_root++) {
		ends_with(read_passwd, as_root, "/etc/passwd", EACCES, ENOENT);
		ends_with(read_process, as_root, "/proc/1/status", EACCES, ENOENT);
		ends_with(write_elsewhere, as_root, "a file in /var/tmp", EACCES, ENOENT);
	}
}

static void allows_what_compiling_takes(void **state)
{
	(void)state;
	need_sandbox();
	for (int as_root = 0; as_root <= 1; as_root++) {
		ends_with(open_null, as_root, "/dev/null", 0, 0);
		ends_with(read_kernel_btf, as_root, "the kernel's BTF", 0, 0);
		ends_with(write_a_file, as_root, "a file of its own", 0, 0);
	}
}

static int wait_for_the_end(const struct directory *directory)
{
	char byte;

	(void)directory;
	return result(read(STDIN_FILENO, &byte, 1));
}

/* What /proc/PID/status says of a confined process. */
static void read_status(bool as_root, char text[4096])
{
	int end[2], status;
	char path[64], *bytes = NULL;
	size_t size;
	pid_t pid;

	assert_int_equal(pipe(end), 0);
	pid = fork();
	if (pid == 0) {
		dup2(end[0], STDIN_FILENO);
		closefrom(STDERR_FILENO + 1);
		confine_and_try(as_root, wait_for_the_end);
	}
	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	for (int tries = 0; tries < 500; tries++) {
		free(bytes);
		assert_int_equal(file__read(path, 4095, &bytes, &size), 0);
		if (strstr(bytes, "Seccomp:\t2"))
			break;
		usleep(10000);
	}
	snprintf(text, 4096, "%s", bytes);
	free(bytes);
	close(end[0]);
	close(end[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
}

static void assert_line(const char *text, const char *line)
{
	if (!strstr(text, line))
		fail_msg("not '%s':\n%s", line, text);
}

static void shows_in_its_status(void **state)
{
	char text[4096];

	(void)state;
	need_sandbox();
	for (int as_root = 0; as_root <= 1; as_root++) {
		read_status(as_root, text);
		assert_line(text, "NoNewPrivs:\t1\n");
		assert_line(text, "Seccomp:\t2\n");
		assert_line(text, "CapInh:\t0000000000000000\n");
		assert_line(text, "CapPrm:\t0000000000000000\n");
		assert_line(text, "CapEff:\t0000000000000000\n");
		assert_line(text, "CapAmb:\t0000000000000000\n");
		if (!as_root)
			continue;
		assert_line(text, "CapBnd:\t0000000000000000\n");
		assert_line(text, "Uid:\t65534\t65534\t65534\t65534\n");
		assert_line(text, "Gid:\t65534\t65534\t65534\t65534\n");
	}
}

/* As a libbcc that was linked with -Bsymbolic-functions makes its maps. */
static void makes_no_map_in_the_kernel(void **state)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "x", 4, 4, 1, NULL);
	struct stat status;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &status), 0);
	assert_true(S_ISCHR(status.st_mode)); /* /dev/null */
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ends_the_process_at_what_no_compiler_does),
		cmocka_unit_test(refuses_the_rest),
		cmocka_unit_test(sees_few_files),
		cmocka_unit_test(allows_what_compiling_takes),
		cmocka_unit_test(shows_in_its_status),
		cmocka_unit_test(makes_no_map_in_the_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
