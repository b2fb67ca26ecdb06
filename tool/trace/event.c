// SPDX-License-Identifier: Apache-2.0
#include "event.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>

/* RFC 4291, section 2.5.5.2 */
static bool is_mapped(const uint8_t address[16])
{
	return IN6_IS_ADDR_V4MAPPED((const struct in6_addr *)address);
}

struct asked event__asked(const struct event *event, const void *member)
{
	static const uint8_t none[16];
	const uint8_t *given = member;
	struct asked asked = {.family = event->family};

	if (!given || memcmp(given, none, sizeof(none)) == 0) {
		memcpy(asked.address, event->daddr, sizeof(asked.address));
	} else if (is_mapped(given) && (event->family == AF_INET || !is_mapped(event->daddr))) {
		asked.family = AF_INET;
		memcpy(asked.address, given + 12, 4);
	} else { /* with -6 an IPv4-mapped address is shown as one */
		asked.family = AF_INET6;
		memcpy(asked.address, given, sizeof(asked.address));
	}
	return asked;
}
