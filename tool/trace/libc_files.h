/* SPDX-License-Identifier: Apache-2.0 */
/* The C libraries that a process runs with: where they are, and which file each is. */
#ifndef TCPCONNECT_LIBC_FILES_H
#define TCPCONNECT_LIBC_FILES_H

#include <limits.h>
#include <stdint.h>
#include <sys/types.h>

/** A C library within the memory of a process, as /proc/PID/maps shows it. */
struct libc_mapping {
	pid_t pid;
	unsigned long start; /* 0: it is not mapped yet, and expected at the path */
	unsigned long end;
	uint32_t device; /* major << 20 | minor; what overlayfs shows is another on some kernels */
	uint64_t inode;
	char path[PATH_MAX]; /* within the root of the process */
};

/** What there is to see of a process. */
enum libc_search {
	LIBC_GONE,     /* it has ended, or is a thread of the kernel */
	LIBC_NONE,     /* it runs without a dynamic linker */
	LIBC_EXPECTED, /* the dynamic linker is there and has not mapped the library yet */
	LIBC_MAPPED,
};

typedef void (*libc_found_fn)(const struct libc_mapping *mapping, void *ctx);

/**
 * @brief Find glibc and musl in what a process has mapped, or else beside its dynamic linker.
 * @param fn called for each; the mapping is valid during the call
 */
enum libc_search libc_files__search(pid_t pid, libc_found_fn fn, void *ctx);

/**
 * @brief The musl that is installed on this host, for programs that do not run yet: one that starts
 * may have looked a name up before it can be hooked. Processes run with glibc already.
 * @param fn called if there is one, as expected by this process
 */
void libc_files__installed(libc_found_fn fn, void *ctx);

/**
 * Which file it is, through however many mounts and overlays it is seen: equal when all bytes are.
 */
struct file_identity {
	unsigned char bytes[80];
};

/** Of a file that is open: when it was made, and by which mount it is seen. 0: not known. */
struct file_place {
	uint64_t born_ns;
	uint64_t mount;
};

/**
 * @brief Open a library for reading: by the mapping itself, so that also one is found that was
 * removed or replaced since, or else by its path within the root of the process (openat2(2), Linux
 * 5.6).
 * @return a descriptor, for close(); -EINVAL for what is no ordinary file, which is not opened;
 * -ENOENT when the path leads to another file by now; or another negative errno
 */
int libc_files__open(const struct libc_mapping *mapping);

/**
 * @brief Which file a descriptor is for the kernel's uprobes, which are set on inodes, and on that of
 * the lower file for one of an overlay (d_real_inode()).
 * @return 0, or a negative errno
 */
int libc_files__identify(int fd, struct file_identity *identity, struct file_place *place);

#endif
