// SPDX-License-Identifier: Apache-2.0
#include "losses.h"

#include <err.h>

#define REPORT_INTERVAL_NS 1000000000ULL

static const char *const reasons[TRACER_LOSS_KINDS] = {
	[LOSS_RETURN_MISSED] = "connects: the kernel ran out of kretprobe instances",
	[LOSS_CONNECTING_FULL] = "connects: more were under way than the map 'connecting' holds",
	[LOSS_PENDING_FULL] =
		"connects: more were under way than the map 'pending' holds (PENDING in "
		"probes/connect.h)",
	[LOSS_NOT_COUNTED] =
		"connects, not counted: the map 'flows' is full (FLOWS in probes/connect.h)",
	[LOSS_CONNECT_EVENT] = "connects: the perf buffer was full; a larger --buffer-pages helps",
	[LOSS_DNS_EVENT] = "DNS answers: the perf buffer was full; a larger --buffer-pages helps",
	[LOSS_DNS_QUESTION] =
		"DNS questions: a socket had more than 64 under way (DNS_QUESTIONS in "
		"probes/dns_asker.c), or no memory",
	[TRACER_LOSS_PROBE_MISSED] =
		"probes: the kernel was running another one on that CPU; a connect each, at most",
	[LOSS_NO_BUFFER] = "events: their CPU had just come online and had no buffer yet",
};

void losses__report(struct losses_report *report, struct tracer *tracer, uint64_t now_ns,
		    loss_fn fn, void *ctx)
{
	struct tracer_losses now;

	if (report->reported_at_ns && now_ns - report->reported_at_ns < REPORT_INTERVAL_NS)
		return;
	tracer__losses(tracer, now_ns, &now);
	for (int i = 0; i < TRACER_LOSS_KINDS; i++) {
		uint64_t lost = now.count[i] - report->reported.count[i];

		if (!lost)
			continue;
		warnx("lost %llu %s", (unsigned long long)lost, reasons[i]);
		fn(lost, reasons[i], ctx);
		report->reported.count[i] = now.count[i];
		report->reported_at_ns = now_ns;
	}
}

void losses__report_total(struct tracer *tracer, uint64_t now_ns)
{
	struct tracer_losses total;

	tracer__losses(tracer, now_ns, &total);
	for (int i = 0; i < TRACER_LOSS_KINDS; i++)
		if (total.count[i])
			warnx("lost in all: %llu %s", (unsigned long long)total.count[i],
			      reasons[i]);
}
