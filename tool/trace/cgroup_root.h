/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TCPCONNECT_CGROUP_ROOT_H
#define TCPCONNECT_CGROUP_ROOT_H

#include <stdbool.h>

/**
 * @brief Open the root of the cgroup v2 hierarchy, wherever it is mounted, or though it is not.
 * @param whole set when it is the root of all; in a cgroup namespace it is that of a container
 * @return a descriptor for close(), or a negative errno: -EOPNOTSUPP for a kernel without cgroup
 * v2, or without fsopen(2) where none is mounted
 */
int cgroup_root__open(bool *whole);

#endif
