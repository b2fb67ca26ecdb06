// SPDX-License-Identifier: Apache-2.0
#include "privilege.h"

#include <err.h>
#include <errno.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* CAP_SYS_ADMIN has meant all of these since before they were split off it in Linux 5.8. */
static const struct need {
	unsigned int capability;
	const char *name;
	bool sockops_only;
} needs[] = {
	{CAP_BPF, "CAP_BPF", false},
	{CAP_PERFMON, "CAP_PERFMON", false},
	{CAP_NET_ADMIN, "CAP_NET_ADMIN", true},
};

static uint64_t effective_capabilities(void)
{
	unsigned long long set = 0;
	FILE *status = fopen("/proc/self/status", "re");
	char line[128];

	while (status && fgets(line, sizeof(line), status))
		if (sscanf(line, "CapEff: %llx", &set) == 1)
			break;
	if (status)
		fclose(status);
	return set;
}

static bool has(uint64_t set, unsigned int capability)
{
	return set >> capability & 1;
}

int privilege__check(enum attach_choice attach)
{
	uint64_t set = effective_capabilities();
	char missing[64] = "";

	for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++) {
		const struct need *need = &needs[i];
		size_t length = strlen(missing);

		if (need->sockops_only ? attach != ATTACH_SOCKOPS : has(set, CAP_SYS_ADMIN))
			continue;
		if (!has(set, need->capability))
			snprintf(missing + length, sizeof(missing) - length, "%s%s",
				 length ? ", " : "", need->name);
	}
	if (!missing[0])
		return 0;
	warnx("tracing needs root, or %s which this process (uid %u) does not have: run it with "
	      "sudo",
	      missing, geteuid());
	return -EPERM;
}
