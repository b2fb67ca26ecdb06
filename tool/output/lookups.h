/* SPDX-License-Identifier: Apache-2.0 */
/* What numbers stand for: users and containers, each looked up once as long as it is kept. */
#ifndef TCPCONNECT_LOOKUPS_H
#define TCPCONNECT_LOOKUPS_H

#include <stdint.h>

struct lookups;

/** @brief Begin with nothing known; NULL when memory is out. */
struct lookups *lookups__new(void);

void lookups__free(struct lookups *lookups);

/** @brief A user's name, or the number in digits where nobody is known by it. Valid until the next call. */
const char *lookups__user(struct lookups *lookups, uint32_t uid);

/**
 * @brief The container that a cgroup belongs to, or NULL.
 * @param path the cgroup's, or NULL where it is not known; then nothing is kept
 */
const char *lookups__container(struct lookups *lookups, uint64_t cgroup, const char *path);

#endif
