/* SPDX-License-Identifier: Apache-2.0 */
/* Which columns there are, and which of them are shown: the members of the event, and a few more. */
#ifndef TCPCONNECT_COLUMNS_H
#define TCPCONNECT_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>

#include "options.h"
#include "trace/event_layout.h"
#include "value.h"

struct column {
	char name[64];	 /* as in --columns and JSON */
	char header[64]; /* as in a table */
	size_t width;
	size_t longest; /* bytes of a value that are shown at most; 0: all */
	size_t gap;	/* blanks behind it */
	const struct value_kind *kind;
	const struct event_member *member; /* the layout's; NULL: computed */
	/* of a process or thread: its number in the tool's PID namespace; NULL: it is the host's */
	const struct event_member *here;
};

/** Zeroed, there is none. */
struct columns {
	struct column *list;
	size_t count;
};

/** What the object tells beside its members. */
struct columns_source {
	const struct event_layout *layout;
	bool queries;	       /* names behind addresses */
	bool in_pid_namespace; /* the tool runs in another one than the host's */
};

/**
 * @brief The columns of a table: the usual ones, or those that the user named.
 * @return 0; -EINVAL after one line on stderr that names an unknown column and lists what there is;
 * -ENOMEM
 */
int columns__for_table(const struct options *options, const struct columns_source *source,
		       struct columns *columns);

/** @brief The members of a JSON object, likewise. */
int columns__for_json(const struct options *options, const struct columns_source *source,
		      struct columns *columns);

/** @brief Print what can be named with --columns: each with what it tells. */
void columns__print_known(const struct event_layout *layout);

void columns__free(struct columns *columns);

/** @brief A column's value in a record. */
struct value column__value(const struct column *column, const struct record *record);

#endif
