// SPDX-License-Identifier: Apache-2.0
#include "hook_links.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "returns.h"

static void release(struct hook_link *held)
{
	if (held->link)
		bpf_link__destroy(held->link);
	else
		close(held->fd);
}

static int hold(struct hook_links *links, struct hook_link held)
{
	struct hook_link *grown = reallocarray(links->list, links->count + 1, sizeof(*grown));

	if (!grown) {
		release(&held);
		return -ENOMEM;
	}
	links->list = grown;
	grown[links->count++] = held;
	return 0;
}

int hook_links__add(struct hook_links *links, const struct bpf_program *program,
		    struct bpf_link *link)
{
	if (!link)
		return -errno;
	return hold(links, (struct hook_link){link, bpf_link__fd(link), program});
}

int hook_links__add_fd(struct hook_links *links, const struct bpf_program *program, int fd)
{
	return fd < 0 ? fd : hold(links, (struct hook_link){NULL, fd, program});
}

void hook_links__move(struct hook_links *to, struct hook_links *from)
{
	struct hook_link *grown =
		reallocarray(to->list, to->count + from->count + 1, sizeof(*grown));

	if (!grown) {
		hook_links__detach(from); /* which only takes longer */
		return;
	}
	to->list = grown;
	for (size_t i = 0; i < from->count; i++)
		grown[to->count++] = from->list[i];
	free(from->list);
	*from = (struct hook_links){0};
}

bool hook_links__has(const struct hook_links *links, const struct bpf_program *program)
{
	for (size_t i = 0; i < links->count; i++)
		if (links->list[i].program == program)
			return true;
	return false;
}

/* struct bpf_link_info of Linux 6.7, as far as it is read: the system's header may be older. */
struct link_info {
	uint32_t type;
	uint32_t id;
	uint32_t prog_id;
	uint32_t padding;
	uint32_t kind; /* enum bpf_perf_event_type */
	uint32_t unused;
	uint64_t function;
	uint32_t function_length;
	uint32_t offset;
	uint64_t address;
	uint64_t missed;
};

_Static_assert(offsetof(struct link_info, missed) == 48, "as in the kernel's uapi/linux/bpf.h");

#define PERF_EVENT_KIND_KPROBE 3 /* BPF_PERF_EVENT_KPROBE */

uint64_t hook_links__missed(const struct hook_links *links)
{
	uint64_t missed = 0;

	for (size_t i = 0; i < links->count; i++) {
		struct link_info info = {0};
		__u32 size = sizeof(info);
		int fd = links->list[i].fd;

		if (bpf_obj_get_info_by_fd(fd, &info, &size) == 0 &&
		    info.type == BPF_LINK_TYPE_PERF_EVENT && info.kind == PERF_EVENT_KIND_KPROBE)
			missed += info.missed;
	}
	return missed;
}

void hook_links__detach_some(struct hook_links *links,
			     bool (*is_one)(const struct bpf_program *program))
{
	for (size_t i = links->count; i-- > 0;) {
		if (!is_one(links->list[i].program))
			continue;
		release(&links->list[i]);
		links->count--;
		memmove(&links->list[i], &links->list[i + 1],
			(links->count - i) * sizeof(*links->list));
	}
}

void hook_links__detach(struct hook_links *links)
{
	while (links->count)
		release(&links->list[--links->count]);
	free(links->list);
	links->list = NULL;
	returns__close(links->returns);
	links->returns = NULL;
}

static int compare_fds(const void *left, const void *right)
{
	return *(const int *)left - *(const int *)right;
}

/* Closes all descriptors but some: what else the tool has must not stay longer than the tool. */
static void close_others(int *kept, size_t count)
{
	unsigned int from = 0;

	qsort(kept, count, sizeof(*kept), compare_fds);
	for (size_t i = 0; i < count; i++) {
		if (kept[i] > (int)from)
			syscall(SYS_close_range, from, kept[i] - 1, 0);
		from = (unsigned int)kept[i] + 1;
	}
	syscall(SYS_close_range, from, ~0U, 0);
}

/* Holds the links until their owner has let go of them: then this process is the last to have them. */
static _Noreturn void outlive(const struct hook_links *links, int released)
{
	int *kept = calloc(links->count + 1, sizeof(*kept));
	size_t count = 0;
	char byte;

	for (size_t i = 0; kept && i < links->count; i++)
		kept[count++] = links->list[i].fd;
	if (kept) {
		kept[count++] = released;
		close_others(kept, count);
		while (read(released, &byte, 1) < 0 && errno == EINTR)
			;
	}
	_exit(0);
}

void hook_links__detach_aside(struct hook_links *links)
{
	int released[2];
	pid_t child;

	if (!links->count || pipe2(released, O_CLOEXEC) != 0) {
		hook_links__detach(links);
		return;
	}
	child = fork();
	if (child == 0) {
		close(released[1]);
		if (fork() == 0) /* nobody's child, so that nobody needs to wait for it */
			outlive(links, released[0]);
		_exit(0);
	}
	while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	hook_links__detach(links);
	close(released[0]);
	close(released[1]);
}
