// SPDX-License-Identifier: Apache-2.0
/*
 * Runs a program as a container would that forbids system calls: `without bpf,fsopen COMMAND…`.
 * bpf() fails with EPERM, as under the profiles of container engines, the others with ENOSYS, as on
 * a kernel that lacks them.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct forbidden {
	const char *name;
	unsigned int number;
	unsigned int error;
} calls[] = {
	{"bpf", __NR_bpf, EPERM},
	{"fsopen", __NR_fsopen, ENOSYS},
};

static int forbid(const struct forbidden *call)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call->number, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | call->error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {.len = sizeof(filter) / sizeof(filter[0]), .filter = filter};

	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

int main(int argc, char **argv)
{
	if (argc < 3) {
		fputs("usage: without SYSCALL[,SYSCALL] COMMAND...\n", stderr);
		return 2;
	}
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (strstr(argv[1], calls[i].name) && forbid(&calls[i]) != 0) {
			perror("without: seccomp");
			return 1;
		}
	}
	execvp(argv[2], argv + 2);
	perror(argv[2]);
	return 127;
}
