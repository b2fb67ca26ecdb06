// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* What the probes of the DNS share. */
#define DNS_PORT 53
#define DNS_MESSAGE_MAX 4096	/* bytes of a datagram sent at most: what EDNS resolvers offer */
