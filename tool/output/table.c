// SPDX-License-Identifier: Apache-2.0
/* Rows under a header. The usual columns are those of tcpconnect-bpfcc, byte for byte. */
#include "counts.h"
#include "output.h"

#include <err.h>
#include <errno.h>
#include <string.h>

/* Behind the last header stands nothing, behind the last value its gap. */
static void write_header(struct output *output)
{
	struct line *line = &output->line;

	for (size_t i = 0; i < output->columns.count; i++) {
		const struct column *column = &output->columns.list[i];
		bool last = i + 1 == output->columns.count;
		size_t from = line->used;

		line__append(line, column->header, strlen(column->header));
		line__pad(line, from, column->kind == &value_query ? 0 : column->width);
		line__pad(line, line->used, last ? 0 : column->gap);
	}
	line__append(line, "\n", 1);
	line__write(line, output->out);
}

static int begin(struct output *output, const struct options *options,
		 const struct columns_source *source)
{
	int err = options->count ? 0 : columns__for_table(options, source, &output->columns);

	if (err)
		return err;
	output->lookups = lookups__new();
	if (!output->lookups) {
		warnx("out of memory");
		return -ENOMEM;
	}
	fputs("Tracing connect ... Hit Ctrl-C to end\n", output->out);
	if (!options->count)
		write_header(output);
	return output->line.err;
}

static void row(struct output *output, struct record *record)
{
	struct line *line = &output->line;

	record->lookups = output->lookups;
	for (size_t i = 0; i < output->columns.count; i++) {
		const struct column *column = &output->columns.list[i];
		struct value value = column__value(column, record);
		size_t from = line->used;

		column->kind->text(line, &value);
		if (column->longest && line->used - from > column->longest)
			line->used = from + column->longest;
		if (column->kind == &value_query && i + 1 == output->columns.count)
			break;
		line__pad(line, from, column->width);
		line__pad(line, line->used, column->gap);
	}
	line__append(line, "\n", 1);
	line__write(line, output->out);
}

/* Said on stderr; rows are rows only. */
static void loss(struct output *output, uint64_t realtime_ns, uint64_t lost, const char *what)
{
	(void)output;
	(void)realtime_ns;
	(void)lost;
	(void)what;
}

static void counts(struct output *output, uint64_t realtime_ns, struct counted_flow *flows,
		   size_t count, bool results)
{
	(void)realtime_ns;
	counts__print(output->out, flows, count, results);
}

static void end(struct output *output)
{
	lookups__free(output->lookups);
	line__free(&output->line);
	columns__free(&output->columns);
}

const struct output_format table_format = {begin, row, loss, counts, end};
