/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does this kernel end programs for a uretprobe? On x86-64 a uretprobe is a system call since Linux
 * 6.11 (number 335), and until it was mended (kernel/seccomp.c, 6.14, and stable ones before) the
 * seccomp filter of whoever returned was asked about it.
 */
#ifndef TCPCONNECT_URETPROBE_CHECK_H
#define TCPCONNECT_URETPROBE_CHECK_H

#include <stdbool.h>
#include <sys/types.h>

enum uretprobe_verdict {
	URETPROBE_HARMLESS,
	URETPROBE_KILLS,
	URETPROBE_UNKNOWN, /* it could not be tried */
};

/** @brief Can the running kernel be one that does? Only by what it is called. */
bool uretprobe_check__is_possible(const char *machine, const char *release);

/**
 * @brief Try it: a child that forbids itself all but what it needs calls a function that is hooked.
 * @param call what the child calls
 * @param hook hooks it for that child: a descriptor, for close(); or a negative errno
 */
enum uretprobe_verdict uretprobe_check__try(void (*call)(void),
					    int (*hook)(pid_t child, void (*call)(void)));

/** @brief Does the running kernel? It is tried where it is possible; what is not known is no. */
bool uretprobe_check__kills(void);

#endif
