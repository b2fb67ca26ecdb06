// SPDX-License-Identifier: Apache-2.0
#include "address.h"

#include <arpa/inet.h>
#include <string.h>

const char *address__format(int family, const uint8_t address[16], address_text text)
{
	if (!inet_ntop(family, address, text, INET6_ADDRSTRLEN))
		strcpy(text, "?");
	return text;
}

bool address__is_localhost(int family, const uint8_t address[16])
{
	static const uint8_t ipv4[4] = {127, 0, 0, 1};

	if (family == AF_INET)
		return memcmp(address, ipv4, sizeof(ipv4)) == 0;
	return memcmp(address, &in6addr_loopback, sizeof(in6addr_loopback)) == 0;
}
