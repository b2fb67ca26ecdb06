// SPDX-License-Identifier: Apache-2.0
#include "dns_packet.h"

#include <errno.h>
#include <string.h>

#include <arpa/inet.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>

/* What is not read yet of a packet. */
struct rest {
	const uint8_t *bytes;
	size_t captured;
	size_t length; /* on the wire */
};

/* The next bytes, copied to where they are aligned; they are passed over only by rest__skip(). */
static int rest__peek(const struct rest *rest, void *header, size_t size)
{
	if (rest->captured < size)
		return -EBADMSG;
	memcpy(header, rest->bytes, size);
	return 0;
}

static int rest__skip(struct rest *rest, size_t size)
{
	if (rest->captured < size)
		return -EBADMSG;
	rest->bytes += size;
	rest->captured -= size;
	rest->length -= size;
	return 0;
}

static int skip_ipv4(struct rest *rest, uint8_t *protocol)
{
	struct iphdr header;
	int err = rest__peek(rest, &header, sizeof(header));

	if (err)
		return err;
	*protocol = header.protocol;
	return header.ihl < 5 ? -EBADMSG : rest__skip(rest, header.ihl * 4);
}

static bool is_option_header(uint8_t protocol)
{
	return protocol == IPPROTO_HOPOPTS || protocol == IPPROTO_ROUTING ||
	       protocol == IPPROTO_DSTOPTS;
}

static int skip_ipv6(struct rest *rest, uint8_t *protocol)
{
	struct ip6_hdr header;
	int err = rest__peek(rest, &header, sizeof(header));

	if (err)
		return err;
	err = rest__skip(rest, sizeof(header));
	*protocol = header.ip6_nxt;
	while (!err && is_option_header(*protocol)) {
		struct ip6_ext option;

		err = rest__peek(rest, &option, sizeof(option));
		if (err)
			return err;
		err = rest__skip(rest, (option.ip6e_len + 1) * 8);
		*protocol = option.ip6e_nxt;
	}
	return err;
}

static int read_datagram(struct rest *rest)
{
	return rest__skip(rest, sizeof(struct udphdr));
}

static int read_segment(struct rest *rest, struct dns_packet *packet)
{
	struct tcphdr header;
	int err = rest__peek(rest, &header, sizeof(header));

	if (err)
		return err;
	packet->is_segment = true;
	packet->starts_stream = header.syn;
	packet->sequence = ntohl(header.seq) + header.syn; /* a SYN takes a number of its own */
	return header.doff < 5 ? -EBADMSG : rest__skip(rest, header.doff * 4);
}

int dns_packet__read(const uint8_t *bytes, size_t captured, size_t size, struct dns_packet *packet)
{
	struct rest rest = {bytes, captured, size};
	uint8_t version, protocol;
	int err = rest__peek(&rest, &version, sizeof(version));

	memset(packet, 0, sizeof(*packet));
	if (err || size < captured)
		return -EBADMSG;
	err = version >> 4 == 4 ? skip_ipv4(&rest, &protocol) : skip_ipv6(&rest, &protocol);
	if (!err && protocol == IPPROTO_UDP)
		err = read_datagram(&rest);
	else if (!err)
		err = protocol == IPPROTO_TCP ? read_segment(&rest, packet) : -EBADMSG;
	packet->bytes = rest.bytes;
	packet->captured = rest.captured;
	packet->length = rest.length;
	return err;
}
