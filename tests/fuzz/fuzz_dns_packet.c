/* SPDX-License-Identifier: Apache-2.0 */
/* A packet from port 53, and how much of it was there. Input: as dns_packet__read() takes it. */
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

	if (dns_packet__read(data, size, &packet) != 0)
		return 0;
	memcpy(front, data, sizeof(front));
	CHECK(packet.connection == front[0]);
	CHECK(packet.bytes + packet.captured == data + size);
	CHECK(packet.bytes >= data + sizeof(front) + (packet.is_segment ? 40 : 28));
	CHECK(packet.length >= packet.captured);
	CHECK(packet.length - packet.captured == front[1] - (size - sizeof(front)));
	CHECK(packet.is_segment || !packet.starts_stream);
	return 0;
}
