// SPDX-License-Identifier: Apache-2.0
#include "firing.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "event.h"

/* What is called, by which program, and with a socket of which family. */
static const struct call {
	const char *program;
	int family;	  /* of the socket */
	int other_family; /* of the address, so that the kernel refuses it */
} calls[] = {
	{"kprobe__tcp_v4_connect", AF_INET, AF_INET6},
	{"kprobe__tcp_v6_connect", AF_INET6, AF_INET},
};

/*
 * Both kinds of addresses begin alike: family, port, then what is FIRING_ADDRESS. False where the
 * kernel, or a security module of it, has refused the call before it came to the hooked function.
 */
static bool connect_in_vain(const struct call *call)
{
	union {
		struct sockaddr_in ipv4;
		struct sockaddr_in6 ipv6;
	} address = {.ipv4 = {.sin_family = (sa_family_t)call->other_family,
			      .sin_addr.s_addr = FIRING_ADDRESS}};
	int fd = socket(call->family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	bool refused;

	if (fd < 0)
		return false;
	refused = connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0 &&
		  errno == EAFNOSUPPORT;
	close(fd);
	return refused;
}

static uint64_t count_runs(const struct bpf_program *program)
{
	struct bpf_prog_info info = {0};
	__u32 size = sizeof(info);

	return bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size) == 0 ? info.run_cnt
										   : 0;
}

/* The program that a call is to run; NULL: it is not hooked, which was said. */
static const struct bpf_program *hooked(const struct bpf_object *object,
					const struct hook_links *links, const struct call *call)
{
	const struct bpf_program *program = bpf_object__find_program_by_name(object, call->program);

	return program && hook_links__has(links, program) ? program : NULL;
}

/* While the kernel counts: does a call not run its program? */
static bool is_silent(const struct bpf_program *program, const struct call *call)
{
	uint64_t before = count_runs(program);

	return connect_in_vain(call) && count_runs(program) == before;
}

/* Does a switch of the kernel stand at 0? One that cannot be read does not. */
static bool is_off(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char value = '\0';
	bool off = fd >= 0 && read(fd, &value, 1) == 1 && value == '0';

	if (fd >= 0)
		close(fd);
	return off;
}

/* The switches that are known; NULL: none of them is off. */
static const char *switched_off(void)
{
	if (is_off("/proc/sys/kernel/ftrace_enabled"))
		return "kernel.ftrace_enabled is 0, and so kprobes do not run: sysctl "
		       "kernel.ftrace_enabled=1";
	if (is_off("/sys/kernel/debug/kprobes/enabled"))
		return "kprobes are switched off: echo 1 > /sys/kernel/debug/kprobes/enabled";
	return NULL;
}

bool firing__is_switched_off(void)
{
	return switched_off() != NULL;
}

static const char *why_kprobes_are_silent(const struct bpf_object *object,
					  const struct hook_links *links)
{
	const char *off = switched_off();
	bool silent = false, any = false;
	int counting = bpf_enable_stats(BPF_STATS_RUN_TIME);

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		const struct bpf_program *program = hooked(object, links, &calls[i]);

		any |= program != NULL;
		silent |= counting >= 0 && program && is_silent(program, &calls[i]);
	}
	if (counting >= 0)
		close(counting);
	if (!any || (counting >= 0 && !silent))
		return NULL;
	if (off || counting < 0)
		return off;
	return "the kernel does not run the kprobes: see kprobes/enabled and kprobes/list in "
	       "debugfs (mount -t debugfs none /sys/kernel/debug)";
}

/* A link that somebody has detached is without its cgroup (kernel/bpf/cgroup.c). */
static bool is_detached(int link_fd)
{
	struct bpf_link_info info = {0};
	__u32 size = sizeof(info);

	return bpf_obj_get_info_by_fd(link_fd, &info, &size) == 0 &&
	       info.type == BPF_LINK_TYPE_CGROUP && info.cgroup.cgroup_id == 0;
}

const char *firing__why_not(const struct bpf_object *object, const struct hook_links *links)
{
	for (size_t i = 0; i < links->count; i++)
		if (is_detached(links->list[i].fd))
			return "somebody has detached a program from the root cgroup";
	return why_kprobes_are_silent(object, links);
}
