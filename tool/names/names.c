// SPDX-License-Identifier: Apache-2.0
#include "names.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "dns_names.h"
#include "dns_packet.h"
#include "dns_stream.h"

struct names {
	struct dns_names *table;
	struct dns_stream *streams; /* DNS over TCP */
	struct dns_process asker;   /* whom the packet is for */
	/* of a connect; NULL: it does not tell */
	const struct event_member *netns, *parents;
};

static void learn_from_stream(const uint8_t *message, size_t length, uint64_t time_ns,
			      void *context)
{
	struct names *names = context;

	dns_names__learn(names->table, message, length, time_ns, &names->asker);
}

int names__new(const struct event_layout *layout, struct names **out)
{
	struct names *names = calloc(1, sizeof(*names));
	int err;

	if (!names)
		return -ENOMEM;
	names->netns =
		event_layout__find_typed(layout, "asker_netns", "names_netns", sizeof(names_netns));
	names->parents = event_layout__find_typed(layout, "asker_parents", "names_parents",
						  sizeof(names_parents));
	err = dns_names__new(&names->table);
	if (!err)
		err = dns_stream__new(&names->streams, learn_from_stream, names);
	if (err) {
		names__free(names);
		return err;
	}
	*out = names;
	return 0;
}

void names__free(struct names *names)
{
	if (!names)
		return;
	dns_stream__free(names->streams);
	dns_names__free(names->table);
	free(names);
}

/* The bytes behind an event's fixed part. */
static const uint8_t *payload(const struct event_head *event, size_t fixed, size_t *size)
{
	size_t whole = sizeof(*event) + event->length;

	*size = whole > fixed ? whole - fixed : 0;
	return (const uint8_t *)event + fixed;
}

static void learn_message(struct names *names, const struct event_head *head)
{
	const struct message_event *event = (const struct message_event *)head;
	size_t size;
	const uint8_t *message = payload(head, sizeof(*event), &size);

	if (size)
		dns_names__learn(names->table, message, size, head->time_ns,
				 &(struct dns_process){.pid = head->pid, .netns = event->netns});
}

static void learn_packet(struct names *names, const struct event_head *head)
{
	const struct packet_event *event = (const struct packet_event *)head;
	struct dns_packet packet;
	size_t captured;
	const uint8_t *bytes = payload(head, sizeof(*event), &captured);

	if (!captured || dns_packet__read(bytes, captured, event->size, &packet) != 0)
		return;
	names->asker = (struct dns_process){.pid = head->pid, .netns = event->netns};
	if (!packet.is_segment) {
		dns_names__learn(names->table, packet.bytes, packet.captured, head->time_ns,
				 &names->asker);
		return;
	}
	if (packet.starts_stream)
		dns_stream__start(names->streams, event->connection, packet.sequence,
				  head->time_ns);
	dns_stream__segment(names->streams, event->connection, packet.sequence, packet.bytes,
			    packet.captured, packet.length, head->time_ns);
}

static void learn_connection(struct names *names, const struct event_head *head)
{
	const struct connection_event *event = (const struct connection_event *)head;

	if (sizeof(*head) + head->length >= sizeof(*event))
		dns_stream__start(names->streams, event->connection, event->sequence,
				  head->time_ns);
}

static void learn_name(struct names *names, const struct event_head *head)
{
	const struct name_event *event = (const struct name_event *)head;

	if (sizeof(*head) + head->length >= sizeof(*event) &&
	    memchr(event->name, '\0', sizeof(event->name)))
		dns_names__learn_name(
			names->table, event->name, head->family, event->address, head->time_ns,
			&(struct dns_process){.pid = head->pid, .netns = event->netns});
}

void names__learn(struct names *names, const struct event_head *event)
{
	switch (event->kind) {
	case EVENT_DNS_MESSAGE:
		learn_message(names, event);
		break;
	case EVENT_DNS_PACKET:
		learn_packet(names, event);
		break;
	case EVENT_DNS_CONNECTION:
		learn_connection(names, event);
		break;
	case EVENT_NAME:
		learn_name(names, event);
		break;
	default:
		break;
	}
}

/* Who connects, as far as the event tells. */
static struct dns_process connecting(const struct names *names, const struct event *connect)
{
	struct dns_process who = {.pid = connect->pid};

	_Static_assert(sizeof(who.parents) == sizeof(names_parents), "as many as the probes send");
	if (names->netns)
		memcpy(&who.netns, (const char *)connect + names->netns->offset, sizeof(who.netns));
	if (names->parents)
		memcpy(who.parents, (const char *)connect + names->parents->offset,
		       sizeof(who.parents));
	return who;
}

struct name_found names__find(struct names *names, const struct event *connect,
			      const struct asked *asked, uint64_t begun_ns)
{
	static const char *const from[] = {
		[DNS_ASKER_SELF] = "self",
		[DNS_ASKER_PARENT] = "parent",
		[DNS_ASKER_OTHER] = "other",
	};
	const struct dns_process who = connecting(names, connect);
	struct dns_answer answer;

	if (!dns_names__find(names->table, asked->family, asked->address, begun_ns, &who, &answer))
		return (struct name_found){0};
	return (struct name_found){answer.name, answer.age_ns, from[answer.asker]};
}
