/* SPDX-License-Identifier: Apache-2.0 */
/* Names from C libraries: hooked in whatever runs, and followed from then on, in a thread. */
#ifndef TCPCONNECT_LIBC_FOLLOW_H
#define TCPCONNECT_LIBC_FOLLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "attachment.h"
#include "libc_hooks.h"
#include "watch.h"

struct processes;
struct watch_thread;

/** What follows them. Zeroed, nothing does. */
struct libc_follow {
	struct libc_hooks *hooks;    /* NULL: no program is for the C library */
	struct processes *processes; /* NULL: likewise, or they cannot be hooked */
	struct watch watch;	     /* what it takes the kernel's time to follow */
	struct watch_thread *thread;
	bool hangs; /* the thread, which has all of the above to itself then */
};

/**
 * @brief Make an opened object's programs fit for this kernel, before it is loaded: uprobes without
 * perf events where it knows them, and nothing that tells of processes where it has no ring buffer.
 */
void libc_follow__prepare(struct bpf_object *object, struct attachment *attachment);

/**
 * @brief Hook the library of whatever runs, and from then on of what starts. Names can do without:
 * what stands in the way is one warning.
 * @param attachment of a loaded object; it stays the caller's
 * @param follow stays where it is until libc_follow__free()
 * @return 0, or a negative errno after one line on stderr
 */
int libc_follow__begin(struct libc_follow *follow, struct attachment *attachment);

/** @brief How many libraries were not hooked until now, by reason. */
uint64_t libc_follow__unhooked(const struct libc_follow *follow, enum libc_unhooked reason);

/** @brief How many starts of programs were not looked at, since there were too many at once. */
uint64_t libc_follow__passed_over(const struct libc_follow *follow);

/** @brief Take the hooks away; the counts stay. */
void libc_follow__end(struct libc_follow *follow);

/** @brief End, and free what there is. */
void libc_follow__free(struct libc_follow *follow);

#endif
