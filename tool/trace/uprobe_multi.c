// SPDX-License-Identifier: Apache-2.0
#include "uprobe_multi.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <bpf/libbpf.h>
#include <linux/bpf.h>

/* include/uapi/linux/bpf.h, Linux 6.6: the system's header may be older */
#define ATTACH_UPROBE_MULTI 48 /* BPF_TRACE_UPROBE_MULTI */
#define MULTI_RETURN	    1  /* BPF_F_UPROBE_MULTI_RETURN */

/* union bpf_attr, as far as it is written */
struct link_create {
	uint32_t program;
	uint32_t target;
	uint32_t attach_type;
	uint32_t flags;
	uint64_t path;
	uint64_t offsets;
	uint64_t reference_counters;
	uint64_t cookies;
	uint32_t count;
	uint32_t multi_flags;
	uint32_t pid;
	uint32_t unused;
};

_Static_assert(offsetof(struct link_create, pid) == 56, "as in the kernel's uapi/linux/bpf.h");

bool uprobe_multi__is_known(void)
{
	unsigned int major, minor;
	struct utsname kernel;

	return sizeof(void *) == sizeof(uint64_t) && uname(&kernel) == 0 &&
	       sscanf(kernel.release, "%u.%u", &major, &minor) == 2 &&
	       (major > 6 || (major == 6 && minor >= 18));
}

void uprobe_multi__prepare(struct bpf_program *program)
{
	bpf_program__set_expected_attach_type(program, ATTACH_UPROBE_MULTI);
}

bool uprobe_multi__is_for(const struct bpf_program *program)
{
	return (unsigned int)bpf_program__expected_attach_type(program) == ATTACH_UPROBE_MULTI;
}

int uprobe_multi__attach(const struct bpf_program *program, const char *path, uint64_t offset,
			 bool returns)
{
	struct link_create create = {
		.program = (uint32_t)bpf_program__fd(program),
		.attach_type = ATTACH_UPROBE_MULTI,
		.path = (uintptr_t)path,
		.offsets = (uintptr_t)&offset,
		.count = 1,
		.multi_flags = returns ? MULTI_RETURN : 0,
	};
	int fd = (int)syscall(SYS_bpf, BPF_LINK_CREATE, &create, sizeof(create));

	return fd < 0 ? -errno : fd;
}
