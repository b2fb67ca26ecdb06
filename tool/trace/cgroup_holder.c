// SPDX-License-Identifier: Apache-2.0
#include "cgroup_holder.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "printable.h"

/* The kernel's size of a program's and of a thread's name, with the terminator. */
#define NAME_SIZE 16

/* Alone on this cgroup, or else the one of a cgroup above that tolerates none below; 0: neither. */
static uint32_t find_program(int cgroup, enum bpf_attach_type type)
{
	uint32_t id = 0, flags = 0, count = 1;

	if (bpf_prog_query(cgroup, type, 0, &flags, &id, &count) == 0 && count)
		return (flags & BPF_F_ALLOW_MULTI) ? 0 : id;
	count = 1;
	if (bpf_prog_query(cgroup, type, BPF_F_QUERY_EFFECTIVE, NULL, &id, &count) != 0 || !count)
		return 0;
	return id;
}

static void read_program_name(uint32_t id, char name[NAME_SIZE])
{
	struct bpf_prog_info info = {0};
	__u32 size = sizeof(info);
	int fd = bpf_prog_get_fd_by_id(id);

	name[0] = '\0';
	if (fd < 0)
		return;
	if (bpf_obj_get_info_by_fd(fd, &info, &size) == 0)
		memcpy(name, info.name, NAME_SIZE);
	name[NAME_SIZE - 1] = '\0';
	close(fd);
}

/* Is this descriptor one of the program (kernel/bpf/syscall.c, bpf_prog_show_fdinfo())? */
static bool is_program(int process, const char *fd, uint32_t id)
{
	char path[sizeof("fdinfo/") + 20], what[32] = "", line[32], info[512] = "";
	ssize_t size;
	int file;

	snprintf(path, sizeof(path), "fd/%.12s", fd);
	if (readlinkat(process, path, what, sizeof(what) - 1) < 0 ||
	    strcmp(what, "anon_inode:bpf-prog") != 0)
		return false;
	snprintf(path, sizeof(path), "fdinfo/%.12s", fd);
	file = openat(process, path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return false;
	size = read(file, info, sizeof(info) - 1);
	close(file);
	snprintf(line, sizeof(line), "\nprog_id:\t%u\n", id);
	return size > 0 && strstr(info, line);
}

static bool has_program(int process, uint32_t id)
{
	int fd = openat(process, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *listing = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	bool found = false;

	if (!listing && fd >= 0)
		close(fd);
	while (listing && !found && (entry = readdir(listing)) != NULL)
		found = isdigit((unsigned char)entry->d_name[0]) &&
			is_program(process, entry->d_name, id);
	if (listing)
		closedir(listing);
	return found;
}

static void read_thread_name(int process, char name[NAME_SIZE])
{
	int file = openat(process, "comm", O_RDONLY | O_CLOEXEC);
	ssize_t size = file < 0 ? 0 : read(file, name, NAME_SIZE - 1);

	if (file >= 0)
		close(file);
	name[size > 0 ? size : 0] = '\0';
	name[strcspn(name, "\n")] = '\0';
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

/* The first process that has the program open, and its name; 0: none was found in time. */
static pid_t find_process(uint32_t id, char name[NAME_SIZE])
{
	int64_t until_ms = now_ms() + CGROUP_HOLDER_SEARCH_MS;
	DIR *processes = opendir("/proc");
	struct dirent *entry;
	pid_t pid = 0;

	while (processes && !pid && now_ms() < until_ms && (entry = readdir(processes)) != NULL) {
		int process;

		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		process =
			openat(dirfd(processes), entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (process < 0)
			continue;
		if (has_program(process, id)) {
			pid = atoi(entry->d_name);
			read_thread_name(process, name);
		}
		close(process);
	}
	if (processes)
		closedir(processes);
	return pid;
}

bool cgroup_holder__describe(int cgroup, enum bpf_attach_type type, char *text, size_t size)
{
	char name[NAME_SIZE], comm[NAME_SIZE] = "", shown[PRINTABLE_SIZE(NAME_SIZE)];
	char process[48 + PRINTABLE_SIZE(NAME_SIZE)] = "";
	uint32_t id = find_program(cgroup, type);
	pid_t pid;

	if (!id)
		return false;
	pid = find_process(id, comm);
	printable(shown, sizeof(shown), comm, strlen(comm));
	if (pid)
		snprintf(process, sizeof(process), " of process %d (%s)", pid, shown);
	read_program_name(id, name);
	printable(shown, sizeof(shown), name, strlen(name));
	snprintf(text, size,
		 "program %u%s%s%s%s is attached to the root cgroup without BPF_F_ALLOW_MULTI, and "
		 "the kernel lets no other beside it: have it allow others, or end it",
		 id, name[0] ? " '" : "", shown, name[0] ? "'" : "", process);
	return true;
}
