/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hooks in C libraries: set for each file that a process runs with, once, and taken away when
 * none does any more. This part opens strangers' files and attaches to them; which processes it
 * looks at, others decide by their number.
 */
#ifndef TCPCONNECT_LIBC_HOOKS_H
#define TCPCONNECT_LIBC_HOOKS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "libc_files.h"

struct bpf_object;
struct libc_hooks;

/** Files that are hooked at most: each takes about a dozen descriptors. */
#define LIBC_HOOKS_MAX 1024

/** C libraries that were met and are not hooked, by reason. */
enum libc_unhooked {
	LIBC_FOREIGN,  /* 32-bit, or neither glibc nor musl */
	LIBC_FAILED,   /* cannot be opened or attached to */
	LIBC_TOO_MANY, /* LIBC_HOOKS_MAX, or as many as there are descriptors for */
	LIBC_UNHOOKED_KINDS,
};

/**
 * @brief Gather an object's programs for functions of the C library. Nothing is hooked yet.
 * @param hooks on success, for libc_hooks__free(); it must go before the object does. NULL where the
 * object has no such program that is loaded
 * @return 0, or -ENOMEM
 */
int libc_hooks__new(const struct bpf_object *object, bool verbose, struct libc_hooks **hooks);

/** @brief Take all hooks away; the counts stay. NULL is allowed. */
void libc_hooks__detach(struct libc_hooks *hooks);

/** @brief Detach and free. NULL is allowed. */
void libc_hooks__free(struct libc_hooks *hooks);

/**
 * @brief Hook what a process runs with, unless it is hooked already; and let the process keep the
 * hooks there, where those have nobody else.
 */
enum libc_search libc_hooks__take(struct libc_hooks *hooks, pid_t pid);

/** @brief Hook what is installed on this host and may run with nobody yet; this process keeps it. */
void libc_hooks__take_installed(struct libc_hooks *hooks);

/** @brief Has a file been hooked? Else why not: a negative errno, -ENOENT where none was met. */
int libc_hooks__result(const struct libc_hooks *hooks);

/** @brief What is readable when a process has ended whose library nobody else is known to have. */
int libc_hooks__fd(const struct libc_hooks *hooks);

/**
 * @brief Find the files that have nobody now. They stay hooked until libc_hooks__release().
 * @param forget called with the mount namespace of each
 */
void libc_hooks__find_orphans(struct libc_hooks *hooks, void (*forget)(uint32_t mntns, void *ctx),
			      void *ctx);

/** @brief Are there files that nobody has? */
bool libc_hooks__has_orphans(const struct libc_hooks *hooks);

/** @brief Is there such a file that was seen in this mount namespace? */
bool libc_hooks__misses(const struct libc_hooks *hooks, uint32_t mntns);

/**
 * @brief From here on all processes are looked at: files without one that lost it before, and that
 * no process takes meanwhile, are those that libc_hooks__release() lets go.
 */
void libc_hooks__begin_round(struct libc_hooks *hooks);

/** @brief Take the hooks of files away that nobody has, so that their file systems are free. */
void libc_hooks__release(struct libc_hooks *hooks);

/** @brief How many were not hooked until now. Any thread may ask. */
uint64_t libc_hooks__unhooked(const struct libc_hooks *hooks, enum libc_unhooked reason);

/** @brief The mount namespace of a process, as in /proc/PID/ns/mnt; 0: it has ended. */
uint32_t libc_hooks__mntns(pid_t pid);

#endif
