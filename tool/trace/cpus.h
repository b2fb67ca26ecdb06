/* SPDX-License-Identifier: Apache-2.0 */
/* Which CPUs are online, as the kernel tells it in sysfs. */
#ifndef TCPCONNECT_CPUS_H
#define TCPCONNECT_CPUS_H

#include <stdbool.h>
#include <stddef.h>

/** What is told at most: CONFIG_NR_CPUS goes to 8192 on x86-64. */
#define CPUS_MAX 8192

/** A set of CPUs: cpu_is[N] says whether N is in it. */
struct cpus {
	bool is_in[CPUS_MAX];
	size_t end; /* one more than the largest in it */
};

/**
 * @brief Read a list of CPUs, say "0-3,5\n" (Documentation/admin-guide/cputopology.rst).
 * @return 0, or -EINVAL for what is no such list, or names a CPU beyond CPUS_MAX
 */
int cpus__parse(const char *list, struct cpus *cpus);

#endif
