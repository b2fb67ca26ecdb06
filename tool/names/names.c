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
	uint32_t asker;		    /* the thread group that the stream's packet is for */
};

static void learn_from_stream(const uint8_t *message, size_t length, uint64_t time_ns,
			      void *context)
{
	struct names *names = context;

	dns_names__learn(names->table, message, length, time_ns, names->asker);
}

int names__new(struct names **out)
{
	struct names *names = calloc(1, sizeof(*names));
	int err;

	if (!names)
		return -ENOMEM;
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

static void learn_message(struct names *names, const struct event_head *event)
{
	size_t size;
	const uint8_t *message = payload(event, sizeof(*event), &size);

	dns_names__learn(names->table, message, size, event->time_ns, event->pid);
}

static void learn_packet(struct names *names, const struct event_head *head)
{
	const struct packet_event *event = (const struct packet_event *)head;
	struct dns_packet packet;
	size_t captured;
	const uint8_t *bytes = payload(head, sizeof(*event), &captured);

	if (!captured || dns_packet__read(bytes, captured, event->size, &packet) != 0)
		return;
	if (!packet.is_segment) {
		dns_names__learn(names->table, packet.bytes, packet.captured, head->time_ns,
				 head->pid);
		return;
	}
	names->asker = head->pid;
	if (packet.starts_stream)
		dns_stream__start(names->streams, event->connection, packet.sequence,
				  head->time_ns);
	dns_stream__segment(names->streams, event->connection, packet.sequence, packet.bytes,
			    packet.captured, packet.length, head->time_ns);
}

static void learn_name(struct names *names, const struct event_head *head)
{
	const struct name_event *event = (const struct name_event *)head;

	if (sizeof(*head) + head->length >= sizeof(*event) &&
	    memchr(event->name, '\0', sizeof(event->name)))
		dns_names__learn_name(names->table, event->name, head->family, event->address,
				      head->time_ns, head->pid);
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
	case EVENT_NAME:
		learn_name(names, event);
		break;
	default:
		break;
	}
}

struct name_found names__find(struct names *names, const struct event *connect, uint64_t begun_ns)
{
	struct name_found found = {0};
	bool own = false;

	found.name = dns_names__find(names->table, connect->family, connect->daddr, begun_ns,
				     connect->pid, &found.age_ns, &own);
	found.from = own ? "self" : "other";
	return found;
}
