// SPDX-License-Identifier: Apache-2.0
#include "uretprobe_check.h"

#include <errno.h>
#include <link.h>
#include <linux/filter.h>
#include <linux/perf_event.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

/* 6.11 to 6.13: it takes 100 ms to find out, so only where it can be. */
#define MAJOR	    6
#define FIRST_MINOR 11
#define LAST_MINOR  13

/* The child's exit statuses. */
enum {
	CHILD_RETURNED,
	CHILD_FORBIDDEN,
	CHILD_FAILED,
};

bool uretprobe_check__is_possible(const char *machine, const char *release)
{
	unsigned int major, minor;

	if (strcmp(machine, "x86_64") != 0 || sscanf(release, "%u.%u", &major, &minor) != 2)
		return false;
	return major == MAJOR && minor >= FIRST_MINOR && minor <= LAST_MINOR;
}

/* The one call that is allowed, and no other that a libc or a sanitizer makes on the way out. */
static _Noreturn void leave(int status)
{
	for (;;)
		syscall(SYS_exit_group, status);
}

/* In place of the end that others would have: no core is dumped, and the kernel logs nothing. */
static void end_forbidden(int signal)
{
	(void)signal;
	leave(CHILD_FORBIDDEN);
}

static int forbid_all_else(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {.len = sizeof(filter) / sizeof(filter[0]), .filter = filter};

	signal(SIGSYS, end_forbidden);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
		return -errno;
	return 0;
}

static _Noreturn void be_child(int go, void (*call)(void))
{
	char byte;

	if (read(go, &byte, 1) != 1 || forbid_all_else() != 0)
		leave(CHILD_FAILED);
	call();
	leave(CHILD_RETURNED);
}

static enum uretprobe_verdict read_status(int status)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == CHILD_RETURNED)
		return URETPROBE_HARMLESS;
	if ((WIFEXITED(status) && WEXITSTATUS(status) == CHILD_FORBIDDEN) || WIFSIGNALED(status))
		return URETPROBE_KILLS;
	return URETPROBE_UNKNOWN;
}

enum uretprobe_verdict uretprobe_check__try(void (*call)(void),
					    int (*hook)(pid_t child, void (*call)(void)))
{
	enum uretprobe_verdict verdict = URETPROBE_UNKNOWN;
	int go[2], hooked, status;
	pid_t child;

	if (pipe(go) != 0)
		return URETPROBE_UNKNOWN;
	child = fork();
	if (child == 0) {
		close(go[1]); /* so that it ends when its parent does */
		be_child(go[0], call);
	}
	close(go[0]);
	if (child < 0) {
		close(go[1]);
		return URETPROBE_UNKNOWN;
	}
	hooked = hook(child, call);
	if (hooked >= 0 && write(go[1], "", 1) != 1)
		verdict = URETPROBE_UNKNOWN;
	close(go[1]);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (hooked >= 0) {
		verdict = read_status(status);
		close(hooked);
	}
	return verdict;
}

/* What is hooked. A function that does nothing would not be called. */
static __attribute__((noinline)) void return_at_once(void)
{
	__asm__ volatile("");
}

struct place {
	uintptr_t address;
	uint64_t offset;
};

/* Where an address of the executable, which is the first in the list, lies in its file. */
static int find_place(struct dl_phdr_info *object, size_t size, void *context)
{
	struct place *place = context;

	(void)size;
	for (int i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
		uintptr_t begin = object->dlpi_addr + segment->p_vaddr;

		if (segment->p_type == PT_LOAD && place->address >= begin &&
		    place->address - begin < segment->p_filesz)
			place->offset = place->address - begin + segment->p_offset;
	}
	return 1;
}

static int read_number(const char *path, const char *format, unsigned int *number)
{
	FILE *file = fopen(path, "re");
	int count;

	if (!file)
		return -errno;
	count = fscanf(file, format, number);
	fclose(file);
	return count == 1 ? 0 : -EINVAL;
}

/* A uretprobe without a program (perf_event_open(2); Documentation/trace/uprobetracer.rst). */
static int hook_return(pid_t child, void (*call)(void))
{
	static const char path[] = "/proc/self/exe";
	struct place place = {.address = (uintptr_t)call};
	struct perf_event_attr attr = {.size = sizeof(attr), .config1 = (uintptr_t)path};
	unsigned int type, bit;
	int err = read_number("/sys/bus/event_source/devices/uprobe/type", "%u", &type);
	int fd;

	if (!err)
		err = read_number("/sys/bus/event_source/devices/uprobe/format/retprobe",
				  "config:%u", &bit);
	if (err)
		return err;
	dl_iterate_phdr(find_place, &place);
	if (!place.offset)
		return -ENOENT;
	attr.type = type;
	attr.config = 1ULL << bit;
	attr.config2 = place.offset;
	fd = (int)syscall(SYS_perf_event_open, &attr, child, -1, -1, PERF_FLAG_FD_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

bool uretprobe_check__kills(void)
{
	struct utsname kernel;

	return uname(&kernel) == 0 &&
	       uretprobe_check__is_possible(kernel.machine, kernel.release) &&
	       uretprobe_check__try(return_at_once, hook_return) == URETPROBE_KILLS;
}
