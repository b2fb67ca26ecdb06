/* SPDX-License-Identifier: Apache-2.0 */
/* Can what somebody put into the map of --cgroupmap match at all? */
#ifndef TCPCONNECT_CGROUP_KEYS_H
#define TCPCONNECT_CGROUP_KEYS_H

/**
 * @brief Say in one line on stderr that keys of a pinned map are no cgroup's id, or that all
 * processes are in the root of the cgroup v2 hierarchy, where no key is, as under version 1.
 * @param path where the map is pinned; its keys are u64
 *
 * An empty map is somebody's who fills it later. What cannot be found out is not said:
 * CAP_DAC_READ_SEARCH is needed to look a cgroup up by its id, and of the first 16384 keys only
 * is anything said. The map can change right after.
 */
void cgroup_keys__check(const char *path);

#endif
