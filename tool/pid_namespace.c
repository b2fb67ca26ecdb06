// SPDX-License-Identifier: Apache-2.0
#include "pid_namespace.h"

#include <sys/stat.h>

/* PROC_PID_INIT_INO, include/linux/proc_ns.h: the same on every machine (Linux 3.8). */
#define INITIAL 0xEFFFFFFCU

uint32_t pid_namespace__own(void)
{
	struct stat status;

	return stat("/proc/self/ns/pid", &status) == 0 ? (uint32_t)status.st_ino : INITIAL;
}

bool pid_namespace__is_initial(void)
{
	return pid_namespace__own() == INITIAL;
}
