/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "dns_names.h"

/* A name as it stands in a message, uncompressed; shared by all the addresses of an answer. */
struct name {
	unsigned int references;
	uint8_t wire[];
};

struct answer {
	uint64_t time_ns;
	struct name *name; /* NULL: no such answer */
};

/* An IPv4 address is kept as the IPv6 address that it is mapped to (RFC 4291, section 2.5.5.2). */
struct key {
	uint8_t address[16];
	uint64_t owner; /* a network namespace, or a process */
};

#define KEY_WORDS (sizeof(struct key) / sizeof(uint32_t))
_Static_assert(sizeof(struct key) == 24, "no padding, since keys are compared as bytes");

struct entry {
	struct key key;
	struct answer latest;
	struct answer before; /* never later than `latest` */
	UT_hash_handle hh;
};

/* uthash keeps the order in which entries were added: `entries` is the one to go first. */
struct table {
	struct entry *entries;
	unsigned int limit;
	uint64_t max_age_ns;
};

struct dns_names {
	struct table hosts;	/* by network namespace */
	struct table processes; /* by the pid of who received the answer */
	uint64_t secrets[KEY_WORDS + 1];
	char text[DNS_NAMES_NAME_SIZE]; /* what dns_names__find() returned last */
};

/*
 * Multilinear hashing (Lemire and Kaser, "Strongly universal string hashing is fast", 2012): with
 * secret multipliers nobody can choose addresses that meet in one bucket.
 */
static unsigned int key__hash(const struct key *key, const uint64_t secrets[KEY_WORDS + 1])
{
	uint32_t words[KEY_WORDS];
	uint64_t sum = secrets[KEY_WORDS];

	memcpy(words, key, sizeof(words));
	for (size_t i = 0; i < KEY_WORDS; i++)
		sum += secrets[i] * words[i];
	return (unsigned int)(sum >> 32);
}

static int key__init(struct key *key, int family, const uint8_t *address)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	key->owner = 0;
	switch (family) {
	case AF_INET:
		memcpy(key->address, mapped, sizeof(mapped));
		memcpy(key->address + sizeof(mapped), address, 4);
		return 0;
	case AF_INET6:
		memcpy(key->address, address, 16);
		return 0;
	default:
		return -EAFNOSUPPORT;
	}
}

/* `wire` is whole and uncompressed. The caller holds the first reference. */
static struct name *name__new(const uint8_t *wire)
{
	size_t size = dn_skipname(wire, wire + NS_MAXCDNAME);
	struct name *name = malloc(sizeof(*name) + size);

	if (!name)
		return NULL;
	name->references = 1;
	memcpy(name->wire, wire, size);
	return name;
}

static struct name *name__hold(struct name *name)
{
	name->references++;
	return name;
}

static void name__release(struct name *name)
{
	if (name && --name->references == 0)
		free(name);
}

/*
 * Not ns_name_ntop(): that also escapes what is special in zone files only (`@`, `$`, `;`, quotes,
 * parentheses), which the Python tool prints plainly.
 */
static void name__print(const struct name *name, char text[DNS_NAMES_NAME_SIZE])
{
	const uint8_t *next = name->wire;

	for (uint8_t left = *next++; left > 0; left = *next++) {
		for (; left > 0; left--, next++) {
			if (*next <= ' ' || *next >= 0x7f) {
				text += sprintf(text, "\\%03u", *next);
				continue;
			}
			if (*next == '.' || *next == '\\')
				*text++ = '\\';
			*text++ = (char)*next;
		}
		if (*next > 0)
			*text++ = '.';
	}
	*text = '\0';
}

static struct entry *entry__new(const struct key *key, uint64_t time_ns, struct name *name)
{
	struct entry *entry = malloc(sizeof(*entry));

	if (entry)
		*entry = (struct entry){.key = *key, .latest = {time_ns, name__hold(name)}};
	return entry;
}

static void entry__free(struct entry *entry)
{
	name__release(entry->latest.name);
	name__release(entry->before.name);
	free(entry);
}

static void table__remove_oldest(struct table *table)
{
	struct entry *oldest = table->entries;

	assert(!oldest->hh.prev); /* for static analysis, which can't know: the head moves on */
	HASH_DEL(table->entries, oldest);
	entry__free(oldest);
}

static struct entry *table__find(const struct table *table, const struct key *key,
				 unsigned int hash)
{
	struct entry *entry;

	HASH_FIND_BYHASHVALUE(hh, table->entries, key, sizeof(*key), hash, entry);
	return entry;
}

/* Put an entry behind all others. On failure it is freed. */
static int table__append(struct table *table, struct entry *entry, unsigned int hash)
{
	HASH_ADD_KEYPTR_BYHASHVALUE(hh, table->entries, &entry->key, sizeof(entry->key), hash,
				    entry);
	if (entry->hh.tbl)
		return 0;
	entry__free(entry);
	return -ENOMEM;
}

static void table__make_room(struct table *table, uint64_t now_ns)
{
	while (table->entries) {
		uint64_t last_ns = table->entries->latest.time_ns;
		bool old = now_ns > last_ns && now_ns - last_ns > table->max_age_ns;

		if (!old && HASH_COUNT(table->entries) < table->limit)
			break;
		table__remove_oldest(table);
	}
}

/* Keep the two latest answers. One message may hold an address twice: that is one answer. */
static void entry__add(struct entry *entry, uint64_t time_ns, struct name *name)
{
	struct answer answer = {time_ns, name};
	struct name *dropped = entry->before.name;

	if (entry->latest.name == name && entry->latest.time_ns == time_ns)
		return;
	if (time_ns >= entry->latest.time_ns) {
		entry->before = entry->latest;
		entry->latest = answer;
	} else if (!entry->before.name || time_ns >= entry->before.time_ns) {
		entry->before = answer;
	} else {
		return;
	}
	name__hold(name);
	name__release(dropped);
}

static int table__learn(struct table *table, const struct key *key, unsigned int hash,
			uint64_t time_ns, struct name *name)
{
	struct entry *entry = table__find(table, key, hash);

	if (entry) {
		HASH_DEL(table->entries, entry);
		entry__add(entry, time_ns, name);
		return table__append(table, entry, hash);
	}
	table__make_room(table, time_ns);
	entry = entry__new(key, time_ns, name);
	return entry ? table__append(table, entry, hash) : -ENOMEM;
}

static const struct answer *table__answer(const struct table *table, const struct key *key,
					  unsigned int hash, uint64_t time_ns)
{
	const struct entry *entry = table__find(table, key, hash);
	const struct answer *answer;

	if (!entry)
		return NULL;
	answer = entry->latest.time_ns <= time_ns ? &entry->latest : &entry->before;
	if (!answer->name || answer->time_ns > time_ns ||
	    time_ns - answer->time_ns > table->max_age_ns)
		return NULL;
	return answer;
}

/* What a process asked for itself, or NULL. */
static const struct answer *process_answer(const struct dns_names *names, struct key key,
					   uint64_t time_ns, uint32_t pid)
{
	key.owner = pid;
	return pid ? table__answer(&names->processes, &key, key__hash(&key, names->secrets),
				   time_ns)
		   : NULL;
}

static int learn_address(struct dns_names *names, struct key *key, uint64_t time_ns,
			 const struct dns_process *asker, struct name *name)
{
	int err;

	key->owner = asker->netns;
	err = table__learn(&names->hosts, key, key__hash(key, names->secrets), time_ns, name);
	if (err || asker->pid == 0)
		return err;
	key->owner = asker->pid;
	return table__learn(&names->processes, key, key__hash(key, names->secrets), time_ns, name);
}

static bool is_answer(const uint8_t *message, size_t length)
{
	unsigned int flags;

	if (length < NS_HFIXEDSZ)
		return false;
	flags = ns_get16(message + 2);
	return (flags & 0x8000) && (flags >> 11 & 0xf) == ns_o_query &&
	       (flags & 0xf) == ns_r_noerror && ns_get16(message + 4) == 1;
}

/*
 * The question's name; returns what follows the question, or NULL. A compressed name here could
 * only point at the header or forwards, which no server sends (RFC 1035, section 4.1.4: "a prior
 * occurrence"), so the name must stand in the message as it is kept.
 */
static const uint8_t *parse_question(const uint8_t *message, const uint8_t *end,
				     uint8_t wire[NS_MAXCDNAME])
{
	const uint8_t *question = message + NS_HFIXEDSZ;
	int size = ns_skiprr(question, end, ns_s_qd, 1);
	int name_size;

	if (size < 0)
		return NULL;
	name_size = ns_name_unpack(message, end, question, wire, NS_MAXCDNAME);
	/* A pointer takes two bytes, which no name does: equal sizes mean that there is none. */
	if (name_size < 0 || name_size != dn_skipname(wire, wire + NS_MAXCDNAME))
		return NULL;
	return question + size;
}

/* Whether a record is an address, and which. `record` is whole: ns_skiprr() went over it. */
static bool parse_address(const uint8_t *record, const uint8_t *end, struct key *key)
{
	const uint8_t *fields = record + dn_skipname(record, end);
	unsigned int type = ns_get16(fields);
	unsigned int class = ns_get16(fields + 2);
	unsigned int data_size = ns_get16(fields + 8);
	const uint8_t *data = fields + NS_RRFIXEDSZ;

	if (class != ns_c_in)
		return false;
	if (type == ns_t_a && data_size == NS_INADDRSZ)
		return key__init(key, AF_INET, data) == 0;
	if (type == ns_t_aaaa && data_size == NS_IN6ADDRSZ)
		return key__init(key, AF_INET6, data) == 0;
	return false;
}

int dns_names__new(struct dns_names **out)
{
	struct dns_names *names = calloc(1, sizeof(*names));

	if (!names)
		return -ENOMEM;
	if (getentropy(names->secrets, sizeof(names->secrets)) != 0) {
		int err = -errno;

		free(names);
		return err;
	}
	names->hosts.limit = DNS_NAMES_MAX_ADDRESSES;
	names->hosts.max_age_ns = DNS_NAMES_MAX_AGE_NS;
	names->processes.limit = DNS_NAMES_MAX_PROCESS_ANSWERS;
	names->processes.max_age_ns = DNS_NAMES_PROCESS_AGE_NS;
	*out = names;
	return 0;
}

void dns_names__free(struct dns_names *names)
{
	if (!names)
		return;
	while (names->hosts.entries)
		table__remove_oldest(&names->hosts);
	while (names->processes.entries)
		table__remove_oldest(&names->processes);
	free(names);
}

/*
 * Records are walked with glibc's ns_skiprr(), one at a time, and not with ns_initparse() and
 * ns_parserr(): those refuse a message that was cut short or has bytes behind it, and they expand
 * every record's own name, which isn't needed here and lets a chain of compression pointers cost
 * 0.43 ms for 4 KiB and 81 ms for 64 KiB, against 3 and 65 microseconds.
 */
int dns_names__learn(struct dns_names *names, const uint8_t *message, size_t length,
		     uint64_t time_ns, const struct dns_process *asker)
{
	const uint8_t *end = message + (length < NS_MAXMSG ? length : NS_MAXMSG);
	uint8_t wire[NS_MAXCDNAME];
	const uint8_t *record;
	struct name *name;
	int learned = 0;
	int err = 0;

	if (!is_answer(message, length))
		return 0;
	record = parse_question(message, end, wire);
	if (!record || wire[0] == 0)
		return 0; /* the root has no address, and no name to show */
	name = name__new(wire);
	if (!name)
		return -ENOMEM;
	for (unsigned int left = ns_get16(message + 6); left > 0; left--) {
		int size = ns_skiprr(record, end, ns_s_an, 1);
		struct key key;

		if (size < 0)
			break;
		if (parse_address(record, end, &key)) {
			err = learn_address(names, &key, time_ns, asker, name);
			if (err)
				break;
			learned++;
		}
		record += size;
	}
	name__release(name);
	return err ? err : learned;
}

/* What getaddrinfo() takes for an address: 1.2.3.4, 1.2, 0x1020304, ::1, fe80::1%eth0. */
static bool is_numeric(const char *name)
{
	char address[INET6_ADDRSTRLEN];
	size_t length = strcspn(name, "%");
	struct in6_addr ipv6;
	struct in_addr ipv4;

	if (inet_aton(name, &ipv4))
		return true;
	if (length >= sizeof(address))
		return false;
	memcpy(address, name, length);
	address[length] = '\0';
	return inet_pton(AF_INET6, address, &ipv6) == 1;
}

/* Is the second name the first one, or that with more labels, as a search domain adds them? */
static bool name__continues(const struct name *name, const struct name *longer)
{
	size_t size = dn_skipname(name->wire, name->wire + NS_MAXCDNAME) - 1; /* without the root */

	for (size_t i = 0; i < size; i++)
		if (tolower(name->wire[i]) != tolower(longer->wire[i])) /* the shorter ends here */
			return false;
	return true;
}

/*
 * What a process typed, or the longer form of it that the process asked the DNS for before: that
 * was the question. To be released.
 */
static struct name *question_of(const struct dns_names *names, const struct key *key,
				uint64_t time_ns, uint32_t pid, struct name *typed)
{
	const struct answer *answer = process_answer(names, *key, time_ns, pid);

	if (!answer || !name__continues(typed, answer->name))
		return typed;
	name__release(typed);
	return name__hold(answer->name);
}

int dns_names__learn_name(struct dns_names *names, const char *name, int family,
			  const uint8_t address[16], uint64_t time_ns,
			  const struct dns_process *asker)
{
	uint8_t wire[NS_MAXCDNAME];
	struct name *asked;
	struct key key;
	int err = key__init(&key, family, address);

	if (err)
		return err;
	if (is_numeric(name) || ns_name_pton(name, wire, sizeof(wire)) < 0 || wire[0] == 0)
		return 0;
	asked = name__new(wire);
	if (!asked)
		return -ENOMEM;
	asked = question_of(names, &key, time_ns, asker->pid, asked);
	err = learn_address(names, &key, time_ns, asker, asked);
	name__release(asked);
	return err ? err : 1;
}

static const struct answer *find_answer(const struct dns_names *names, struct key key,
					uint64_t time_ns, const struct dns_process *who,
					enum dns_asker *asker)
{
	const struct answer *answer = process_answer(names, key, time_ns, who->pid);

	*asker = DNS_ASKER_SELF;
	for (size_t i = 0; i < DNS_NAMES_PARENTS && !answer; i++) {
		answer = process_answer(names, key, time_ns, who->parents[i]);
		*asker = DNS_ASKER_PARENT;
	}
	if (answer)
		return answer;
	*asker = DNS_ASKER_OTHER;
	key.owner = who->netns;
	return table__answer(&names->hosts, &key, key__hash(&key, names->secrets), time_ns);
}

bool dns_names__find(struct dns_names *names, int family, const uint8_t address[16],
		     uint64_t time_ns, const struct dns_process *who, struct dns_answer *found)
{
	const struct answer *answer;
	enum dns_asker asker;
	struct key key;

	if (key__init(&key, family, address) != 0)
		return false;
	answer = find_answer(names, key, time_ns, who, &asker);
	if (!answer)
		return false;
	name__print(answer->name, names->text);
	*found = (struct dns_answer){names->text, time_ns - answer->time_ns, asker};
	return true;
}

size_t dns_names__count(const struct dns_names *names)
{
	return HASH_COUNT(names->hosts.entries);
}
