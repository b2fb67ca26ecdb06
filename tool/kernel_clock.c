// SPDX-License-Identifier: Apache-2.0
#include "kernel_clock.h"

#include <stdio.h>
#include <time.h>

#define NS_PER_S 1000000000LL

void kernel_clock__init(struct kernel_clock *clock)
{
	FILE *offsets = fopen("/proc/self/timens_offsets", "re");
	long long seconds, nanoseconds;

	*clock = (struct kernel_clock){0};
	/* the first line: the clock's name or, before Linux 5.10, its number, which is 1 */
	if (offsets && fscanf(offsets, "%*s %lld %lld", &seconds, &nanoseconds) == 2)
		clock->offset_ns = seconds * NS_PER_S + nanoseconds;
	if (offsets)
		fclose(offsets);
}

uint64_t kernel_clock__now_ns(const struct kernel_clock *clock)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)(now.tv_sec * NS_PER_S + now.tv_nsec - clock->offset_ns);
}
