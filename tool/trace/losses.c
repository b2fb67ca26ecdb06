// SPDX-License-Identifier: Apache-2.0
#include "losses.h"

#include <err.h>

#define REPORT_INTERVAL_NS 1000000000ULL

#define ON_THE_WIRE "; of what they look up, names are known from DNS messages only"
#define STARTS \
	"starts of programs: too many at once; a new C library among them is hooked within minutes"

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
	[LOSS_LIBC_LOOKUP] =
		"names: more look-ups were under way than the map 'libc_lookups' holds "
		"(probes/dns_libc.c)",
	[LOSS_LIBC_ADDRESSES] =
		"names of further addresses: look-ups that found more than LIBC_ADDRESSES_MAX "
		"(probes/dns_libc.c)",
	[LOSS_PROCESS_START] = STARTS,
	[TRACER_LIBC_FOREIGN] = "C libraries: 32-bit ones, or neither glibc nor musl" ON_THE_WIRE,
	[TRACER_LIBC_FAILED] =
		"C libraries: they cannot be opened or hooked (-v tells which and why)" ON_THE_WIRE,
	[TRACER_LIBC_TOO_MANY] =
		"C libraries: more than 1,024, or than there are descriptors for (ulimit -n)" ON_THE_WIRE,
	[TRACER_STARTS_PASSED_OVER] = STARTS,
	[TRACER_LOSS_PROBE_MISSED] =
		"probes: the kernel was running another one on that CPU; a connect each, at most",
	[LOSS_NO_BUFFER] = "events: their CPU had just come online and had no buffer yet",
};

/* What it is that happened to so many. */
static const char *verb(int kind)
{
	switch (kind) {
	case TRACER_LIBC_FOREIGN:
	case TRACER_LIBC_FAILED:
	case TRACER_LIBC_TOO_MANY:
		return "not hooked";
	case LOSS_PROCESS_START:
	case TRACER_STARTS_PASSED_OVER:
		return "not looked at";
	default:
		return "lost";
	}
}

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
		warnx("%s %llu %s", verb(i), (unsigned long long)lost, reasons[i]);
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
			warnx("%s in all: %llu %s", verb(i), (unsigned long long)total.count[i],
			      reasons[i]);
}
