// SPDX-License-Identifier: Apache-2.0
#include "kernel_clock.h"

#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#define NS_PER_S 1000000000LL

/* A process that has unshared its time namespace enters it, before Linux 6.3, only by a fork. */
static bool is_in_its_childrens_namespace(void)
{
	struct stat own, childrens;

	return stat("/proc/self/ns/time", &own) == 0 &&
	       stat("/proc/self/ns/time_for_children", &childrens) == 0 &&
	       own.st_ino == childrens.st_ino;
}

void kernel_clock__init(struct kernel_clock *clock)
{
	FILE *offsets = NULL;
	long long seconds, nanoseconds;

	*clock = (struct kernel_clock){0};
	/* the file tells the offsets that children have */
	if (is_in_its_childrens_namespace())
		offsets = fopen("/proc/self/timens_offsets", "re");
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

int64_t kernel_clock__to_realtime_ns(const struct kernel_clock *clock)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec - (int64_t)kernel_clock__now_ns(clock);
}
