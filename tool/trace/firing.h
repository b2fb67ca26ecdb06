/* SPDX-License-Identifier: Apache-2.0 */
/* Do the hooks that see connects still fire? What is attached can be switched off from elsewhere. */
#ifndef TCPCONNECT_FIRING_H
#define TCPCONNECT_FIRING_H

#include <stdbool.h>

#include "hook.h"

struct bpf_object;

/**
 * @brief Find out whether the hooks of an attached object fire.
 *
 * A kprobe is called with a connect of this process that fails before anything is sent, and the
 * kernel is asked whether its program ran: it counts runs while somebody wants it to
 * (BPF_ENABLE_STATS, Linux 5.8). This tells of every cause, costs the programs nothing, and
 * disturbs nobody: no packet, no port, no name. It takes CAP_SYS_ADMIN, and a change of the
 * kernel's text for the moment, so it is for a few times in a minute. A link to a cgroup tells by
 * itself when somebody has detached it.
 *
 * The call is connect(2) with 255.255.255.255, port 0, and the family that the socket is not of
 * (EAFNOSUPPORT): the probes know it by that (FIRING_ADDRESS), and have no row for it.
 *
 * @return NULL if they fire, or if that cannot be known; else why they do not, for messages, and
 *         what to do. Static.
 */
const char *firing__why_not(const struct bpf_object *object, const struct hook_links *links);

/** @brief Is a switch of the kernel off, so that no kprobe runs until somebody turns it on? */
bool firing__is_switched_off(void);

#endif
