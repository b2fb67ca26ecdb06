// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* What the probes of the DNS share. */
#define DNS_PORT 53
#define DNS_MESSAGE_MAX 4096	/* bytes of a datagram sent at most: what EDNS resolvers offer */

/* How a message begins (RFC 1035, section 4.1.1), in network order. */
struct dns_header {
	u16 id;
	u16 flags;
	u16 questions;
	u16 answers;
};

#define DNS_RESPONSE 0x8000
#define DNS_OPCODE 0x7800	/* 0: a standard query */

#define DNS_RESULT 0x000f	/* 0: no error */

static __always_inline int dns_is_question(const struct dns_header *header)
{
	return !(header->flags & htons(DNS_RESPONSE | DNS_OPCODE)) && header->questions == htons(1);
}

/* Can an answer have an address? */
static __always_inline int dns_has_records(const struct dns_header *header)
{
	return !(header->flags & htons(DNS_OPCODE | DNS_RESULT)) && header->questions == htons(1) &&
	       header->answers;
}
