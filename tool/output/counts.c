// SPDX-License-Identifier: Apache-2.0
#include "counts.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "address.h"

/*
 * Equal counts stand in the order of their addresses and ports, so that two runs can be compared.
 */
static int by_family_and_connects(const void *left, const void *right)
{
	const struct counted_flow *a = left, *b = right;
	int order;

	if (a->key.family != b->key.family)
		return a->key.family == AF_INET ? -1 : 1;
	if (a->count.connects != b->count.connects)
		return a->count.connects > b->count.connects ? -1 : 1;
	order = memcmp(a->key.daddr, b->key.daddr, sizeof(a->key.daddr));
	if (!order)
		order = memcmp(a->key.saddr, b->key.saddr, sizeof(a->key.saddr));
	return order ? order : a->key.dport - b->key.dport;
}

void counts__sort(struct counted_flow *flows, size_t count)
{
	if (count)
		qsort(flows, count, sizeof(*flows), by_family_and_connects);
}

void counts__print(FILE *out, struct counted_flow *flows, size_t count, bool results)
{
	counts__sort(flows, count);
	fprintf(out, "\n%-25s %-25s %-20s %-10s%s\n", "LADDR", "RADDR", "RPORT", "CONNECTS",
		results ? " FAILED    " : "");
	for (size_t i = 0; i < count; i++) {
		const struct flow *flow = &flows[i].key;
		address_text saddr, daddr;

		fprintf(out, "%-25s %-25s %-20u %-10llu",
			address__format(flow->family, flow->saddr, saddr),
			address__format(flow->family, flow->daddr, daddr), flow->dport,
			(unsigned long long)flows[i].count.connects);
		if (results)
			fprintf(out, " %-10llu", (unsigned long long)flows[i].count.failed);
		fputc('\n', out);
	}
}
