/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TCPCONNECT_CONTAINER_H
#define TCPCONNECT_CONTAINER_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

/** Room for any id with its final zero: a part of a path holds no longer one. */
#define CONTAINER_ID_SIZE (NAME_MAX + 1)

/**
 * @brief The id of the container that a cgroup belongs to, as the container's engine calls it: 64
 * hexadecimal digits with Docker, podman, containerd and CRI-O, a name with LXC, LXD, Incus and
 * systemd-nspawn.
 * @param cgroup_path from the root of the cgroup v2 hierarchy on. In it are names that other people
 * gave, so those that are the id are to be escaped before they are printed
 * @param id, size for the result, CONTAINER_ID_SIZE bytes; of containers in containers the
 * innermost
 * @return false, and an empty id, when the path is that of no container or `size` is too small
 *
 * An engine's own processes that wait for a container (conmon, lxc monitor, nspawn's supervisor)
 * are not in it. Virtual machines are no containers. A container with a cgroup that its user chose
 * freely, as `ctr run` and `runc run` let them, can't be told from any other cgroup.
 */
bool container__id(const char *cgroup_path, char *id, size_t size);

#endif
