/* SPDX-License-Identifier: Apache-2.0 */
/* The PID namespace that this process runs in: its user counts processes as that does. */
#ifndef TCPCONNECT_PID_NAMESPACE_H
#define TCPCONNECT_PID_NAMESPACE_H

#include <stdbool.h>
#include <stdint.h>

/**
 * @brief The namespace's inode number, as /proc/self/ns/pid has it.
 *
 * Where /proc is not mounted, or belongs to a namespace that this process has no number in, it is
 * taken to be the initial one.
 */
uint32_t pid_namespace__own(void);

/** @brief Is it the host's own, in which every process has its number? */
bool pid_namespace__is_initial(void);

#endif
