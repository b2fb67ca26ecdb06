// SPDX-License-Identifier: Apache-2.0
#include "table.h"

#include <string.h>
#include <sys/socket.h>

#include "address.h"
#include "printable.h"

/* An answer that is older than this when it is used is shown with its age. */
#define AGE_SHOWN_NS (100 * 1000 * 1000ULL)

void table__print_header(const struct table *table)
{
	if (table->timestamp)
		fprintf(table->out, "%-9s", "TIME(s)");
	if (table->uid)
		fprintf(table->out, "%-6s", "UID");
	fprintf(table->out, "%-7s %-12s %-2s %-16s ", "PID", "COMM", "IP", "SADDR");
	if (table->local_port)
		fprintf(table->out, "%-6s ", "LPORT");
	fprintf(table->out, "%-16s %-6s%s\n", "DADDR", "DPORT", table->query ? " QUERY" : "");
}

static void print_query(FILE *out, const struct event *event, const char *name, uint64_t age_ns)
{
	bool local = address__is_localhost(event->family, event->daddr);

	if (local && (!name || strcmp(name, "localhost") == 0)) {
		fputs("localhost", out); /* whose age says nothing */
		return;
	}
	if (!name) {
		fputs("No DNS Query", out);
		return;
	}
	fputs(name, out);
	if (age_ns > AGE_SHOWN_NS)
		fprintf(out, " (%.3fms)", age_ns / 1e6);
}

void table__print_row(struct table *table, const struct event *event, const char *query,
		      uint64_t query_age_ns)
{
	FILE *out = table->out;
	char comm[4 * sizeof(event->comm) + 1];
	address_text saddr, daddr;

	if (!table->first_ns)
		table->first_ns = event->time_ns;
	if (table->timestamp)
		fprintf(out, "%-9.3f", /* an event that came very late is older than the first */
			event->time_ns > table->first_ns ? (event->time_ns - table->first_ns) / 1e9
							 : 0);
	if (table->uid)
		fprintf(out, "%-6u", event->uid);
	printable(comm, sizeof(comm), event->comm, strnlen(event->comm, sizeof(event->comm)));
	fprintf(out, "%-7u %-12.12s %-2d %-16s ", event->pid, comm,
		event->family == AF_INET ? 4 : 6,
		address__format(event->family, event->saddr, saddr));
	if (table->local_port)
		fprintf(out, "%-6u ", event->lport);
	fprintf(out, "%-16s %-6u ", address__format(event->family, event->daddr, daddr),
		event->dport);
	if (table->query)
		print_query(out, event, query, query_age_ns);
	fputc('\n', out);
}
