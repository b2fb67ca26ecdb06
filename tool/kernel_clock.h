/* SPDX-License-Identifier: Apache-2.0 */
/* The clock that events are stamped with: CLOCK_MONOTONIC as the kernel itself has it. */
#ifndef TCPCONNECT_KERNEL_CLOCK_H
#define TCPCONNECT_KERNEL_CLOCK_H

#include <stdint.h>

/** How this process's clocks stand to the kernel's. */
struct kernel_clock {
	int64_t offset_ns; /* of CLOCK_MONOTONIC in this time namespace */
};

/**
 * @brief Find out how far this process's time namespace is off (time_namespaces(7), Linux 5.6).
 *
 * bpf_ktime_get_ns() does not know of time namespaces.
 */
void kernel_clock__init(struct kernel_clock *clock);

/** @brief Now, in nanoseconds, as bpf_ktime_get_ns() would tell it. */
uint64_t kernel_clock__now_ns(const struct kernel_clock *clock);

/**
 * @brief Nanoseconds to add to a time of that clock for the time since 1970 (CLOCK_REALTIME).
 *
 * It changes when somebody sets the clock: ask anew for each batch of events.
 */
int64_t kernel_clock__to_realtime_ns(const struct kernel_clock *clock);

#endif
