// SPDX-License-Identifier: Apache-2.0
#include "losses.h"

#include <err.h>
#include <string.h>

#define REPORT_INTERVAL_NS 1000000000ULL

static const char *const reasons[TRACER_LOSS_KINDS] = {
	[TRACER_LOSS_RETURN_MISSED] = "connects: the kernel ran out of kretprobe instances",
	[TRACER_LOSS_CONNECTING_FULL] =
		"connects: more were under way than the map 'connecting' holds",
	[TRACER_LOSS_NOT_COUNTED] =
		"connects, not counted: the map 'flows' is full (FLOWS in probes/connect.h)",
	[TRACER_LOSS_CONNECT_EVENT] =
		"connects: the perf buffer was full; a larger --buffer-pages helps",
	[TRACER_LOSS_DNS_EVENT] =
		"DNS answers: the perf buffer was full; a larger --buffer-pages helps",
	[TRACER_LOSS_PROBE_MISSED] =
		"probes: the kernel was running another one on that CPU; a connect each, at most",
	[TRACER_LOSS_NO_BUFFER] =
		"events on a CPU that came online after the start: start tcpconnect again",
};

void losses__report(struct losses *losses, const struct tracer *tracer, uint64_t now_ns)
{
	uint64_t now[TRACER_LOSS_KINDS];

	if (losses->reported_at_ns && now_ns - losses->reported_at_ns < REPORT_INTERVAL_NS)
		return;
	tracer__losses(tracer, now);
	for (int i = 0; i < TRACER_LOSS_KINDS; i++) {
		if (now[i] == losses->reported[i])
			continue;
		warnx("lost %llu %s", (unsigned long long)(now[i] - losses->reported[i]),
		      reasons[i]);
		losses->reported[i] = now[i];
		losses->reported_at_ns = now_ns;
	}
}

void losses__report_total(const struct tracer *tracer)
{
	uint64_t total[TRACER_LOSS_KINDS];

	tracer__losses(tracer, total);
	for (int i = 0; i < TRACER_LOSS_KINDS; i++)
		if (total[i])
			warnx("lost in all: %llu %s", (unsigned long long)total[i], reasons[i]);
}
