/* SPDX-License-Identifier: Apache-2.0 */
/* How each kind of value is shown, in a table and in JSON. */
#ifndef TCPCONNECT_VALUE_H
#define TCPCONNECT_VALUE_H

#include <stdbool.h>
#include <stddef.h>

#include <yajl/yajl_gen.h>

#include "line.h"
#include "record.h"
#include "trace/event_layout.h"

/** Where a value comes from; the member is NULL for what is computed of the whole record. */
struct value {
	const struct record *record;
	const struct event_member *member;
	const void *bytes;		 /* of the member */
	const struct event_member *here; /* the column's, or NULL */
};

struct value_kind {
	const char
		*type; /* the typedef that says it (probes/event.h); NULL: it is chosen otherwise */
	size_t width;  /* that a column has for it at least */
	void (*text)(struct line *line, const struct value *value);
	void (*json)(yajl_gen json, const struct value *value);
	bool is_array; /* the type is one, of bytes */
};

/** @brief The kind of a member, by its type. */
const struct value_kind *value_kind__of(const struct event_member *member);

/* What is computed, or is more than its type says. */
extern const struct value_kind value_time;	/* HH:MM:SS.mmm, local; RFC 3339 in JSON */
extern const struct value_kind value_reltime;	/* seconds since the first event */
extern const struct value_kind value_user;	/* the name of a uid */
extern const struct value_kind value_family;	/* 4 or 6 */
extern const struct value_kind value_address;	/* of the event's family */
extern const struct value_kind value_process;	/* a number in the tool's PID namespace */
extern const struct value_kind value_asked;	/* the event's own address, where it is zero */
extern const struct value_kind value_container; /* the id that a cgroup's path has */
extern const struct value_kind value_errno;	/* the number of a connect's result */
extern const struct value_kind value_query;	/* the name behind the address */

/** @brief Write text as a JSON string: bytes that are no UTF-8 become U+FFFD. */
void value__json_text(yajl_gen json, const char *text, size_t length);

#endif
