/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way of a name: DNS message or library call, table, name, terminal.
 *
 * Input: pieces of 4 bytes and a body: flags, a step of time, the body's length (16 bits). The body
 * is a DNS message, or an address of 16 bytes and the name that a library was asked for.
 */
#include <arpa/nameser.h>
#include <netinet/in.h>
#include <resolv.h>
#include <sanitizer/allocator_interface.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "names/dns_names.h"
#include "fuzz.h"
#include "printable.h"

#define MAX_PIECES 16

enum {
	FLAG_PROCESS = 0x07, /* the process, 0: unknown */
	FLAG_LIBRARY = 0x08, /* a library call, not a message */
	FLAG_IPV4 = 0x10,    /* the library's address is one of IPv4 */
	FLAG_HOURS = 0x20,   /* time steps in hours, else in milliseconds */
	FLAG_NETNS = 0xc0,   /* the network namespace, 0: unknown */
};

struct piece {
	const uint8_t *body;
	size_t length;
	uint64_t time_ns;
	uint8_t flags;
};

/* Turn a name that was found back into labels. Returns their length with the root's. */
static size_t read_back(const char *text, uint8_t wire[NS_MAXCDNAME])
{
	size_t label = 0;
	size_t end = 1;

	for (; *text; text++) {
		uint8_t byte = (uint8_t)*text;

		CHECK(end < NS_MAXCDNAME);
		if (byte == '.') {
			wire[label] = end - label - 1;
			label = end++;
			continue;
		}
		if (byte == '\\' && text[1] >= '0' && text[1] <= '9') {
			byte = (text[1] - '0') * 100 + (text[2] - '0') * 10 + text[3] - '0';
			CHECK(byte <= ' ' || byte >= 0x7f);
			text += 3;
		} else if (byte == '\\') {
			byte = (uint8_t) * ++text;
			CHECK(byte == '.' || byte == '\\');
		} else {
			CHECK(byte > ' ' && byte < 0x7f);
		}
		wire[end++] = byte;
	}
	wire[label] = end - label - 1;
	wire[end++] = 0;
	return end;
}

/* What the name of a library call is in labels, by glibc. */
static bool library_name(const struct piece *piece, uint8_t wire[NS_MAXCDNAME])
{
	char name[256];
	size_t length = piece->length - 16;

	if (length >= sizeof(name))
		length = sizeof(name) - 1;
	memcpy(name, piece->body + 16, length);
	name[length] = '\0';
	return ns_name_pton(name, wire, NS_MAXCDNAME) >= 0;
}

static bool holds(const struct piece *piece, const void *bytes, size_t length)
{
	return memmem(piece->body, piece->length, bytes, length) != NULL;
}

/* Who asked in a piece, or connects at its time; the process numbered one less is the parent. */
static struct dns_process process_of(const struct piece *piece)
{
	struct dns_process process = {.pid = piece->flags & FLAG_PROCESS,
				      .netns = piece->flags & FLAG_NETNS};

	process.parents[0] = process.pid ? process.pid - 1 : 0;
	return process;
}

/* Whether a piece's name can be told to who connects, as that of such an asker. */
static bool is_told(const struct piece *piece, const struct dns_process *who, enum dns_asker asker)
{
	struct dns_process process = process_of(piece);

	if (asker == DNS_ASKER_OTHER)
		return process.netns == who->netns;
	return process.pid && process.pid == (asker == DNS_ASKER_SELF ? who->pid : who->parents[0]);
}

/* A name that was found, in labels, and the address. */
struct found {
	uint8_t wire[NS_MAXCDNAME];
	size_t length;
	const uint8_t *address;
	size_t address_length;
};

/* Whether a piece has the address and the very name. */
static bool tells(const struct piece *piece, const struct found *found)
{
	uint8_t asked[NS_MAXCDNAME];

	if (!holds(piece, found->address, found->address_length))
		return false;
	if (piece->flags & FLAG_LIBRARY)
		return library_name(piece, asked) && memcmp(asked, found->wire, found->length) == 0;
	return piece->length >= NS_HFIXEDSZ + found->length &&
	       memcmp(piece->body + NS_HFIXEDSZ, found->wire, found->length) == 0;
}

/* Whether a process called a library with the beginning of the name, as with a search domain. */
static bool typed_beginning(const struct piece *piece, const struct found *found)
{
	uint8_t typed[NS_MAXCDNAME];
	size_t size;

	if (!(piece->flags & FLAG_LIBRARY) || !(piece->flags & FLAG_PROCESS) ||
	    !holds(piece, found->address, found->address_length) || !library_name(piece, typed))
		return false;
	size = dn_skipname(typed, typed + sizeof(typed)) - 1;
	return size < found->length &&
	       strncasecmp((const char *)typed, (const char *)found->wire, size) == 0;
}

/*
 * Whether a piece is where this name for this address can come from. A call of a library with the
 * beginning of a name that the same process had asked for gives the whole name its own time.
 */
static bool is_source(const struct piece *pieces, size_t at, const struct found *found)
{
	if (tells(&pieces[at], found))
		return true;
	if (!typed_beginning(&pieces[at], found))
		return false;
	for (size_t i = 0; i < at; i++) {
		if (((pieces[i].flags ^ pieces[at].flags) & FLAG_PROCESS) == 0 &&
		    tells(&pieces[i], found))
			return true;
	}
	return false;
}

static void check_name(const char *name)
{
	char out[PRINTABLE_SIZE(DNS_NAMES_NAME_SIZE)];

	CHECK(strlen(name) > 0 && strlen(name) < DNS_NAMES_NAME_SIZE);
	CHECK(printable(out, sizeof(out), name, strlen(name)) == strlen(name));
	CHECK(strcmp(out, name) == 0);
}

/* A name that is found was asked for, with this address, at the time that its age says. */
static void check_address(struct dns_names *names, const struct piece *pieces, size_t count,
			  int family, const uint8_t *address, uint64_t now_ns,
			  const struct dns_process *who)
{
	struct found found = {.address = address, .address_length = family == AF_INET ? 4 : 16};
	uint8_t padded[16] = {0};
	struct dns_answer answer;
	bool known = false;

	memcpy(padded, address, found.address_length);
	if (!dns_names__find(names, family, padded, now_ns, who, &answer))
		return;
	CHECK(answer.age_ns <= DNS_NAMES_MAX_AGE_NS);
	check_name(answer.name);
	found.length = read_back(answer.name, found.wire);
	if (family == AF_INET6 && IN6_IS_ADDR_V4MAPPED((const struct in6_addr *)padded)) {
		found.address += 12;
		found.address_length = 4;
	}
	for (size_t i = 0; i < count; i++)
		known |= pieces[i].time_ns == now_ns - answer.age_ns &&
			 is_told(&pieces[i], who, answer.asker) && is_source(pieces, i, &found);
	CHECK(known);
}

/*
 * Every place of a body is tried as an address: nothing is known that isn't there. By turns at the
 * time of that body, when later ones must not be used, and in the end.
 */
static void check_addresses(struct dns_names *names, const struct piece *pieces, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const uint8_t *body = pieces[i].body;
		struct dns_process who = process_of(&pieces[i]);

		for (size_t at = 0; at + 4 <= pieces[i].length; at++) {
			uint64_t now_ns = pieces[at % 2 ? i : count - 1].time_ns;

			check_address(names, pieces, count, AF_INET, body + at, now_ns, &who);
			if (at + 16 <= pieces[i].length)
				check_address(names, pieces, count, AF_INET6, body + at, now_ns,
					      &who);
		}
	}
}

/* Whether the question has a name, and it stands there uncompressed. */
static bool has_plain_question(const struct piece *piece)
{
	const uint8_t *end = piece->body + piece->length;
	const uint8_t *question = piece->body + NS_HFIXEDSZ;
	uint8_t wire[NS_MAXCDNAME];
	int size = ns_name_unpack(piece->body, end, question, wire, sizeof(wire));

	return size > 1 && dn_skipname(wire, wire + sizeof(wire)) == size;
}

/* Where glibc's whole parser takes a message, as many addresses must have been learned. */
static void check_against_glibc(const struct piece *piece, int learned)
{
	int expected = 0;
	ns_msg message;

	if (ns_initparse(piece->body, piece->length, &message) != 0)
		return;
	if (!ns_msg_getflag(message, ns_f_qr) || ns_msg_getflag(message, ns_f_opcode) != 0 ||
	    ns_msg_getflag(message, ns_f_rcode) != 0 || ns_msg_count(message, ns_s_qd) != 1) {
		CHECK(learned == 0);
		return;
	}
	for (int i = 0; i < ns_msg_count(message, ns_s_an); i++) {
		ns_rr record;

		if (ns_parserr(&message, ns_s_an, i, &record) != 0)
			return;
		expected += ns_rr_class(record) == ns_c_in &&
			    ((ns_rr_type(record) == ns_t_a && ns_rr_rdlen(record) == 4) ||
			     (ns_rr_type(record) == ns_t_aaaa && ns_rr_rdlen(record) == 16));
	}
	CHECK(learned == (has_plain_question(piece) ? expected : 0));
}

static int learn(struct dns_names *names, const struct piece *piece)
{
	struct dns_process asker = process_of(piece);
	char name[256];
	size_t length;

	if (!(piece->flags & FLAG_LIBRARY))
		return dns_names__learn(names, piece->body, piece->length, piece->time_ns, &asker);
	length = piece->length - 16 < sizeof(name) ? piece->length - 16 : sizeof(name) - 1;
	memcpy(name, piece->body + 16, length);
	name[length] = '\0';
	return dns_names__learn_name(names, name, piece->flags & FLAG_IPV4 ? AF_INET : AF_INET6,
				     piece->body, piece->time_ns, &asker);
}

/*
 * One table learns from all inputs, so that it gets full. What fails here doesn't fail again with
 * the input alone.
 */
static void check_bounds(const struct piece *piece)
{
	static struct dns_names *names;
	static size_t allocated;
	static uint64_t time_ns;
	struct piece now = *piece;
	size_t before = __sanitizer_get_current_allocated_bytes();

	if (!names)
		CHECK(dns_names__new(&names) == 0);
	time_ns += piece->time_ns;
	now.time_ns = time_ns;
	CHECK(learn(names, &now) >= 0);
	allocated += __sanitizer_get_current_allocated_bytes() - before;
	CHECK(allocated <= DNS_NAMES_MAX_BYTES);
	CHECK(dns_names__count(names) <= DNS_NAMES_MAX_ADDRESSES);
}

/* Any bytes: no control character comes out, and a smaller buffer gets the beginning. */
static void check_printable(const uint8_t *bytes, size_t length)
{
	size_t size = PRINTABLE_SIZE(length);
	char *once = malloc(size);
	char *again = malloc(PRINTABLE_SIZE(size));
	size_t end = printable(once, size, (const char *)bytes, length);
	size_t smaller = length ? bytes[0] % size : 0;

	CHECK(end >= length && end < size && once[end] == '\0');
	for (size_t i = 0; i < end; i++) {
		uint8_t byte = (uint8_t)once[i];

		CHECK(byte >= ' ' && byte != 0x7f);
		CHECK(byte != 0xc2 || (uint8_t)once[i + 1] >= 0xa0);
	}
	CHECK(printable(again, PRINTABLE_SIZE(size), once, end) == end);
	CHECK(memcmp(once, again, end) == 0);
	end = printable(again, smaller, (const char *)bytes, length);
	CHECK(smaller == 0 || (end < smaller && again[end] == '\0'));
	CHECK(memcmp(once, again, end) == 0);
	free(once);
	free(again);
}

static size_t parse_pieces(const uint8_t *data, size_t size, struct piece pieces[MAX_PIECES])
{
	uint64_t time_ns = 0;
	size_t count = 0;

	while (count < MAX_PIECES && size >= 4) {
		struct piece *piece = &pieces[count];
		uint64_t unit_ns = data[0] & FLAG_HOURS ? UINT64_C(3600000000000) : 1000000;
		size_t length = (size_t)data[2] << 8 | data[3];

		time_ns += data[1] * unit_ns;
		piece->flags = data[0];
		piece->time_ns = time_ns;
		data += 4;
		size -= 4;
		piece->length = length < size ? length : size;
		piece->body = data;
		data += piece->length;
		size -= piece->length;
		if (!(piece->flags & FLAG_LIBRARY) || piece->length >= 16)
			count++;
	}
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t allocated = __sanitizer_get_current_allocated_bytes();
	struct piece pieces[MAX_PIECES];
	size_t count = parse_pieces(data, size, pieces);
	struct dns_names *names;
	size_t total = 0;

	CHECK(dns_names__new(&names) == 0);
	for (size_t i = 0; i < count; i++) {
		/* a copy of the exact size shows a read behind the end */
		uint8_t *copy = malloc(pieces[i].length + !pieces[i].length);
		struct piece piece = pieces[i];
		int learned;

		memcpy(copy, piece.body, piece.length);
		piece.body = copy;
		learned = learn(names, &piece);
		CHECK(learned >= 0);
		if (!(piece.flags & FLAG_LIBRARY))
			check_against_glibc(&piece, learned);
		total += learned;
		free(copy);
	}
	CHECK(dns_names__count(names) <= total);
	if (total > 0)
		check_addresses(names, pieces, count);
	dns_names__free(names);
	check_printable(data, size);
	CHECK(__sanitizer_get_current_allocated_bytes() == allocated);
	for (size_t i = 0; i < count; i++)
		check_bounds(&pieces[i]);
	return 0;
}
