/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TCPCONNECT_CGROUP_ROOT_H
#define TCPCONNECT_CGROUP_ROOT_H

#include <stdbool.h>
#include <stdint.h>

/**
 * @brief Open the root of the cgroup v2 hierarchy, wherever it is mounted, or though it is not.
 * @param whole set when it is the root of all; in a cgroup namespace it is that of a container
 * @return a descriptor for close(), or a negative errno: -EOPNOTSUPP for a kernel without cgroup
 * v2, or without fsopen(2) where none is mounted
 */
int cgroup_root__open(bool *whole);

/**
 * @brief Open a cgroup's directory by its id, with O_PATH. It may lie outside of the root's mount.
 * @param root as cgroup_root__open() gave it
 * @param id what bpf_get_current_cgroup_id() returns
 * @return a descriptor for close(), or a negative errno: -ESTALE when there is no such cgroup,
 * -EPERM without CAP_DAC_READ_SEARCH
 */
int cgroup_root__open_cgroup(int root, uint64_t id);

#endif
