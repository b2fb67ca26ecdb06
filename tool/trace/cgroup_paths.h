/* SPDX-License-Identifier: Apache-2.0 */
/* From a cgroup's id, which is what a probe can send, to its path in the cgroup v2 hierarchy. */
#ifndef TCPCONNECT_CGROUP_PATHS_H
#define TCPCONNECT_CGROUP_PATHS_H

#include <stdint.h>

struct cgroup_paths;

/**
 * @brief Open the hierarchy. Nothing is looked up yet.
 * @param paths on success, for cgroup_paths__free()
 * @return 0, or a negative errno: those of cgroup_root__open(), or -ENOMEM
 */
int cgroup_paths__new(struct cgroup_paths **paths);

/** @brief Free all; NULL is fine. */
void cgroup_paths__free(struct cgroup_paths *paths);

/**
 * @brief The path of a cgroup, which is looked up when its id is seen for the first time.
 * @param id what bpf_get_current_cgroup_id() returns. It is the inode's number, and the kernel
 * never gives it to another cgroup (fs/kernfs/dir.c, __kernfs_new_node(); on 64-bit machines)
 * @return "/system.slice/nginx.service", "/" for the root; NULL when it is not known. Valid until
 * the next call. Other people named its parts: any byte but zero may be in it, PATH_MAX bytes at
 * most with the final zero. It is to be escaped before it is printed
 *
 * A path stays known after its cgroup is gone: cgroups of version 2 are never renamed. The 4096
 * cgroups that were asked for last are kept. What was not found is looked for again after a second.
 *
 * Looking up takes CAP_DAC_READ_SEARCH. Without it the hierarchy is walked, at most once a second
 * and for at most a tenth of the time, 32 levels deep. Each walk also learns the cgroups that
 * nobody has asked for yet, as long as there is room.
 *
 * Not to be had: a cgroup that was gone before it was first asked for; without the capability also
 * one that was made after the last walk and was gone before the next. In a cgroup namespace, paths
 * begin at the namespace's root, and cgroups outside of it are not known.
 */
const char *cgroup_paths__find(struct cgroup_paths *paths, uint64_t id);

#endif
