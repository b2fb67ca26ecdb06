/* SPDX-License-Identifier: Apache-2.0 */
/* What users and machines read: rows of a table, or JSON, one behind the other. */
#ifndef TCPCONNECT_OUTPUT_H
#define TCPCONNECT_OUTPUT_H

#include <stdio.h>

#include "columns.h"
#include "line.h"
#include "lookups.h"
#include "options.h"
#include "record.h"
#include "trace/event.h"

struct output;

/** A form of output. Each function writes to output->out, and does not flush. */
struct output_format {
	int (*begin)(struct output *output, const struct options *options,
		     const struct columns_source *source);
	void (*row)(struct output *output, struct record *record);
	/* what is not shown: how much, or 0 where nobody can count it, and why */
	void (*loss)(struct output *output, uint64_t realtime_ns, uint64_t lost, const char *what);
	void (*counts)(struct output *output, uint64_t realtime_ns, struct counted_flow *flows,
		       size_t count, bool results);
	void (*end)(struct output *output);
};

/** One output in use. */
struct output {
	FILE *out;
	const struct output_format *format;
	struct columns columns;
	struct line line; /* of a table */
	struct lookups *lookups;
	void *json; /* yajl's generator */
};

extern const struct output_format table_format;
extern const struct output_format json_format;

#endif
