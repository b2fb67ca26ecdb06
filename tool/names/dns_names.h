/* SPDX-License-Identifier: Apache-2.0 */
/* Which name a process looked up before it connects to an address: DNS answers in, names out. */
#ifndef TCPCONNECT_DNS_NAMES_H
#define TCPCONNECT_DNS_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Addresses kept, as in the Python tool's cache; the one unheard of for longest goes first. */
#define DNS_NAMES_MAX_ADDRESSES 10240

/** How long an answer is used, as in the Python tool: 24 hours. */
#define DNS_NAMES_MAX_AGE_NS (24 * UINT64_C(3600000000000))

/**
 * Answers also kept for the process that received them, so that it finds its own where another
 * process asked another name for the same address. The oldest goes first.
 */
#define DNS_NAMES_MAX_PROCESS_ANSWERS 10240

/**
 * How long a process's own answer goes before a later one of another process: 1 hour. Process ids
 * are used again (the kernel's default is 32,768 of them), and nothing here tells of exits. After
 * an hour a process that still connects has mostly asked again; if it hasn't, its answer counts as
 * one of the host's, which makes a difference only where another process has asked since, and
 * another name.
 */
#define DNS_NAMES_PROCESS_AGE_NS UINT64_C(3600000000000)

/** How many of a process's parents are asked for. */
#define DNS_NAMES_PARENTS 4

/** Who looks a name up, or connects. What is 0 is not known. */
struct dns_process {
	uint32_t pid;			     /* thread group */
	uint32_t parents[DNS_NAMES_PARENTS]; /* thread groups, the nearest first */
	uint64_t netns;			     /* a number of the socket's network namespace */
};

/** Whose answer named an address. */
enum dns_asker {
	DNS_ASKER_SELF,
	DNS_ASKER_PARENT,
	DNS_ASKER_OTHER, /* in the same network namespace */
};

/** What is known of an address. */
struct dns_answer {
	const char *name; /* valid until the next call with its table */
	uint64_t age_ns;  /* from the answer to the connect */
	enum dns_asker asker;
};

/** Bytes that suffice for any name that dns_names__find() returns, with its terminator. */
#define DNS_NAMES_NAME_SIZE 1025

/**
 * The most memory that one table takes, in bytes of the heap: 20,480 entries, each with two names
 * of 255 bytes that no other entry shares (13.8 MB measured). That takes a hostile sender; a table
 * full of names of 32 bytes with three addresses each takes 2.9 MB.
 */
#define DNS_NAMES_MAX_BYTES ((size_t)15 << 20)

struct dns_names;

/**
 * @brief Make an empty table.
 * @param out gets the table; end it with dns_names__free()
 * @return 0, or -ENOMEM, or the negative errno of getentropy()
 */
int dns_names__new(struct dns_names **out);

/** @brief Free a table and what was found in it. NULL is fine. */
void dns_names__free(struct dns_names *names);

/**
 * @brief Learn from a DNS message (RFC 1035, section 4).
 *
 * Used are answers (QR) to a standard query (opcode 0) that succeeded (RCODE 0) and carry exactly
 * one question. Each A and AAAA record of class IN in the answer section gets the question's name,
 * so that aliases (CNAME, DNAME) show the name that was asked for. A message cut short, by the
 * resolver or by the capture, is used up to its last whole record. Everything else, the malformed
 * included, changes nothing and is no error.
 *
 * Feed messages and connects in the order of their times: at the limits, the answer that was
 * learned first goes first. One answer learned late still takes its right place.
 *
 * @param message as it came from the network; nothing in it is trusted
 * @param length in bytes, without the length field of DNS over TCP
 * @param time_ns when the message was received, CLOCK_MONOTONIC
 * @param asker who received it; its parents do not count
 * @return how many addresses got a name, or -ENOMEM
 */
int dns_names__learn(struct dns_names *names, const uint8_t *message, size_t length,
		     uint64_t time_ns, const struct dns_process *asker);

/**
 * @brief Learn one address of a name that a library looked up, say getaddrinfo().
 *
 * The name is read as in a zone file (`\DDD` and `\.` are escapes, the last dot is dropped). What
 * is no domain name (an empty label, one over 63 bytes, more than 255 bytes in all) changes
 * nothing; where the process asked the DNS for a longer form of it (a search domain), that is kept;
 * neither does an address in text, since getaddrinfo() takes that without asking anybody.
 *
 * @param name untrusted text, terminated
 * @param family AF_INET or AF_INET6
 * @param address in network order; IPv4 in the first four bytes
 * @param time_ns when the call returned, CLOCK_MONOTONIC
 * @param asker who called it; its parents do not count
 * @return 1 if the address got the name, 0 if not, -EAFNOSUPPORT, or -ENOMEM
 */
int dns_names__learn_name(struct dns_names *names, const char *name, int family,
			  const uint8_t address[16], uint64_t time_ns,
			  const struct dns_process *asker);

/**
 * @brief The name behind a connect.
 *
 * It is that of the same process's latest answer, else that of the nearest parent's that has one,
 * else that of the latest in the same network namespace: among answers no later than the connect and
 * no older than DNS_NAMES_PROCESS_AGE_NS and DNS_NAMES_MAX_AGE_NS. Of each kind the two latest
 * answers are kept, so that one which came after the connect, but was read before it, doesn't hide
 * the one that led to it.
 *
 * Another's answer in a namespace that is not known names what connects in such a one.
 *
 * A local stub resolver needs no rule of its own: the application hears of the address after the
 * resolver did, so its question is the later one also where no process is known.
 *
 * @param family AF_INET or AF_INET6; an IPv4-mapped IPv6 address is the IPv4 address
 * @param address in network order; IPv4 in the first four bytes
 * @param time_ns of the connect, CLOCK_MONOTONIC
 * @param who connects
 * @param found gets the name, as the Python tool's dnslib prints it without its last dot: printable
 *        ASCII, other bytes as `\DDD`; but a dot or backslash within a label as `\.` and `\\`
 * @return whether there is one; *found* is only changed if there is
 */
bool dns_names__find(struct dns_names *names, int family, const uint8_t address[16],
		     uint64_t time_ns, const struct dns_process *who, struct dns_answer *found);

/** @brief How many addresses have a name, each counted in each network namespace, at most DNS_NAMES_MAX_ADDRESSES. */
size_t dns_names__count(const struct dns_names *names);

#endif
