/* SPDX-License-Identifier: Apache-2.0 */
/* A packet from port 53, and how much of it was there. Input: 8 bytes passed over, the packet's size, the packet. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "names/dns_packet.h"
#include "fuzz.h"

/* What is found lies at the end of what was given, behind the headers of one protocol. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dns_packet packet;
	uint64_t front[2];

	if (size < sizeof(front))
		return 0;
	memcpy(front, data, sizeof(front));
	data += sizeof(front);
	size -= sizeof(front);
	if (dns_packet__read(data, size, front[1], &packet) != 0)
		return 0;
	CHECK(packet.bytes + packet.captured == data + size);
	CHECK(packet.bytes >= data + (packet.is_segment ? 40 : 28));
	CHECK(packet.length >= packet.captured);
	CHECK(packet.length - packet.captured == front[1] - size);
	CHECK(packet.is_segment || !packet.starts_stream);
	return 0;
}
