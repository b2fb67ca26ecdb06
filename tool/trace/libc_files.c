// SPDX-License-Identifier: Apache-2.0
#include "libc_files.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/magic.h>

#define DELETED " (deleted)"

static bool has_name(const char *path, const char *const *patterns)
{
	const char *name = strrchr(path, '/');

	for (; name && *patterns; patterns++)
		if (fnmatch(*patterns, name + 1, 0) == 0)
			return true;
	return false;
}

static bool is_libc(const char *path)
{
	/* glibc since 2.34 and before, musl by its own name, as Alpine and as Debian install it */
	static const char *const patterns[] = {"libc.so.6",	   "libc-2.*.so", "ld-musl-*.so.1",
					       "libc.musl-*.so.1", "libc.so",	  NULL};

	return has_name(path, patterns);
}

static bool is_glibc_linker(const char *path)
{
	/* as the ABI has it (ld-linux-x86-64.so.2, ld64.so.1), and as glibc before 2.34 */
	static const char *const patterns[] = {"ld-linux*.so.*", "ld-2.*.so", "ld64.so.*",
					       "ld.so.1", NULL};

	return has_name(path, patterns);
}

/* Reads one line of /proc/PID/maps (fs/proc/task_mmu.c); false for one that is no file's code. */
static bool read_line(char *line, struct libc_mapping *mapping)
{
	unsigned int device_major, device_minor;
	char permissions[5];
	const char *path = strchr(line, '/');
	size_t length;

	if (!path || sscanf(line, "%lx-%lx %4s %*x %x:%x %lu", &mapping->start, &mapping->end,
			    permissions, &device_major, &device_minor, &mapping->inode) != 6)
		return false;
	length = strcspn(path, "\n");
	if (permissions[2] != 'x' || length >= sizeof(mapping->path))
		return false;
	if (length > strlen(DELETED) &&
	    !strncmp(path + length - strlen(DELETED), DELETED, strlen(DELETED)))
		length -= strlen(DELETED);
	memcpy(mapping->path, path, length);
	mapping->path[length] = '\0';
	mapping->device = device_major << 20 | device_minor;
	return true;
}

/* Where the linker will look, as distributions build glibc: in its own directory. */
static void expect_beside(struct libc_mapping *linker, libc_found_fn fn, void *ctx)
{
	static const char name[] = "libc.so.6";
	char *end = strrchr(linker->path, '/') + 1;

	if ((size_t)(end - linker->path) + sizeof(name) > sizeof(linker->path))
		return;
	memcpy(end, name, sizeof(name));
	linker->start = linker->end = linker->inode = linker->device = 0;
	fn(linker, ctx);
}

enum libc_search libc_files__search(pid_t pid, libc_found_fn fn, void *ctx)
{
	enum libc_search result = LIBC_GONE;
	struct libc_mapping mapping = {.pid = pid}, linker = {0};
	char path[64], line[PATH_MAX + 128];
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	maps = fopen(path, "re");
	while (maps && fgets(line, sizeof(line), maps)) {
		if (result == LIBC_GONE)
			result = LIBC_NONE;
		if (!read_line(line, &mapping))
			continue;
		if (is_libc(mapping.path)) {
			result = LIBC_MAPPED;
			fn(&mapping, ctx);
		} else if (result == LIBC_NONE && is_glibc_linker(mapping.path)) {
			result = LIBC_EXPECTED;
			linker = mapping;
		}
	}
	if (maps)
		fclose(maps);
	if (result == LIBC_EXPECTED)
		expect_beside(&linker, fn, ctx);
	return result;
}

void libc_files__installed(libc_found_fn fn, void *ctx)
{
	struct libc_mapping musl = {.pid = getpid()};
	struct utsname kernel;

	if (uname(&kernel) != 0)
		return;
	snprintf(musl.path, sizeof(musl.path), "/lib/ld-musl-%s.so.1", kernel.machine);
	fn(&musl, ctx);
}

/*
 * A path from /proc/PID/maps, as the process itself has it: where its root is a directory of a mount
 * that is in sight from here, as after chroot(2), the kernel writes that before it.
 */
static const char *within_root(const char *path, const char *root_link)
{
	char root[PATH_MAX];
	ssize_t length = readlink(root_link, root, sizeof(root));

	if (length <= 1 || length == sizeof(root) || strncmp(path, root, (size_t)length) != 0 ||
	    path[length] != '/')
		return path;
	return path + length;
}

/* A path as a process has it: links, also absolute ones, lead nowhere outside of its root. */
static int open_by_path(const struct libc_mapping *mapping)
{
	struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT};
	char path[64];
	int root, fd;

	snprintf(path, sizeof(path), "/proc/%d/root", mapping->pid);
	root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return -errno;
	fd = (int)syscall(SYS_openat2, root, within_root(mapping->path, path), &how, sizeof(how));
	if (fd < 0)
		fd = -errno;
	close(root);
	return fd;
}

/* Wants CAP_SYS_ADMIN, or CAP_CHECKPOINT_RESTORE (fs/proc/base.c). */
static int open_by_mapping(const struct libc_mapping *mapping)
{
	char path[96];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/map_files/%lx-%lx", mapping->pid, mapping->start,
		 mapping->end);
	fd = open(path, O_PATH | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* Without this, what has the name of a library and is a device or a pipe would be opened. */
static int open_ordinary(int place)
{
	struct stat status;
	char path[64];
	int fd;

	if (fstat(place, &status) != 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -EINVAL;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", place);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	return fd < 0 ? -errno : fd;
}

int libc_files__open(const struct libc_mapping *mapping)
{
	int place = mapping->start ? open_by_mapping(mapping) : open_by_path(mapping);
	bool by_path = !mapping->start;
	struct stat status;
	int fd;

	if (place < 0 && mapping->start) {
		place = open_by_path(mapping);
		by_path = true;
	}
	if (place < 0)
		return place;
	if (by_path && mapping->start &&
	    (fstat(place, &status) != 0 || status.st_ino != mapping->inode))
		fd = -ENOENT;
	else
		fd = open_ordinary(place);
	close(place);
	return fd;
}

/* include/uapi/linux/fcntl.h, Linux 6.5: a handle that only identifies */
#define HANDLE_FID 0x200

/*
 * What a handle of overlayfs consists of is the lower file system's UUID and the lower file's handle
 * (fs/overlayfs/copy_up.c, ovl_encode_real_fh()).
 */
static int identify_by_handle(int fd, struct file_identity *identity)
{
	struct {
		struct file_handle head;
		unsigned char bytes[sizeof(identity->bytes) - 1];
	} handle = {.head.handle_bytes = sizeof(handle.bytes)};
	int mount;

	if (name_to_handle_at(fd, "", &handle.head, &mount, AT_EMPTY_PATH | HANDLE_FID) != 0)
		return -errno;
	identity->bytes[0] = 'h';
	memcpy(identity->bytes + 1, handle.bytes, handle.head.handle_bytes);
	return 0;
}

static void identify_by_numbers(struct file_identity *identity, uint32_t device, uint64_t inode)
{
	identity->bytes[0] = 'i';
	memcpy(identity->bytes + 4, &device, sizeof(device));
	memcpy(identity->bytes + 8, &inode, sizeof(inode));
}

struct own_mapping {
	unsigned long start;
	uint32_t device;
	uint64_t inode;
};

/* The line of a page of this process. */
static int find_own(struct own_mapping *own)
{
	struct libc_mapping mapping;
	char line[PATH_MAX + 128];
	FILE *maps = fopen("/proc/self/maps", "re");
	int err = maps ? -ENOENT : -errno;

	while (err == -ENOENT && fgets(line, sizeof(line), maps)) {
		char *permissions = strchr(line, ' ');

		if (permissions && permissions[1])
			permissions[3] = 'x'; /* which the page is not */
		if (!read_line(line, &mapping) || mapping.start != own->start)
			continue;
		own->device = mapping.device;
		own->inode = mapping.inode;
		err = 0;
	}
	if (maps)
		fclose(maps);
	return err;
}

/* As kernels show the lower file of an overlay in /proc/PID/maps that do not know such handles. */
static int identify_by_mapping(int fd, struct file_identity *identity)
{
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	void *page = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	struct own_mapping own = {.start = (unsigned long)page};
	int err;

	if (page == MAP_FAILED)
		return -errno;
	err = find_own(&own);
	if (!err)
		identify_by_numbers(identity, own.device, own.inode);
	munmap(page, size);
	return err;
}

int libc_files__identify(int fd, struct file_identity *identity, struct file_place *place)
{
	struct statfs system;
	struct statx status;

	memset(identity, 0, sizeof(*identity));
	memset(place, 0, sizeof(*place));
	if (statx(fd, "", AT_EMPTY_PATH, STATX_INO | STATX_BTIME | STATX_MNT_ID, &status) != 0)
		return -errno;
	if (status.stx_mask & STATX_BTIME)
		place->born_ns =
			(uint64_t)status.stx_btime.tv_sec * 1000000000 + status.stx_btime.tv_nsec;
	if (status.stx_mask & STATX_MNT_ID)
		place->mount = status.stx_mnt_id;
	if (fstatfs(fd, &system) == 0 && system.f_type == OVERLAYFS_SUPER_MAGIC)
		return identify_by_handle(fd, identity) == 0 ? 0
							     : identify_by_mapping(fd, identity);
	identify_by_numbers(identity, status.stx_dev_major << 20 | status.stx_dev_minor,
			    status.stx_ino);
	return 0;
}
