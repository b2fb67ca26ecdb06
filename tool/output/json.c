// SPDX-License-Identifier: Apache-2.0
/* JSON (RFC 8259), one object a line, written by yajl's generator. */
#include <err.h>
#include <errno.h>
#include <string.h>

#include <yajl/yajl_gen.h>

#include "address.h"
#include "counts.h"
#include "output.h"

static int begin(struct output *output, const struct options *options,
		 const struct columns_source *source)
{
	output->json = yajl_gen_alloc(NULL);
	output->lookups = lookups__new();
	if (!output->json || !output->lookups) {
		warnx("out of memory");
		return -ENOMEM;
	}
	return options->count ? 0 : columns__for_json(options, source, &output->columns);
}

/* A key, or a text that is known to be plain. */
static void word(yajl_gen json, const char *text)
{
	yajl_gen_string(json, (const unsigned char *)text, strlen(text));
}

/* An object is whole: it goes out, and the next one begins. */
static void finish_object(struct output *output)
{
	const unsigned char *bytes;
	size_t size;

	yajl_gen_map_close(output->json);
	if (yajl_gen_get_buf(output->json, &bytes, &size) == yajl_gen_status_ok)
		fwrite(bytes, 1, size, output->out);
	fputc('\n', output->out);
	yajl_gen_clear(output->json);
	yajl_gen_reset(output->json, NULL);
}

/* How old an answer was, and whose question it answered, beside the name itself. */
static void add_query_details(yajl_gen json, const struct record *record)
{
	char digits[32];

	word(json, "query_age_ms");
	if (record->query) {
		snprintf(digits, sizeof(digits), "%.3f", record->query_age_ns / 1e6);
		yajl_gen_number(json, digits, strlen(digits));
	} else {
		yajl_gen_null(json);
	}
	word(json, "query_from");
	if (record->query && record->query_from)
		word(json, record->query_from);
	else
		yajl_gen_null(json);
}

/* The host's number of a process, beside that in the tool's PID namespace. */
static void add_host_number(yajl_gen json, const struct column *column, const struct value *value)
{
	char name[sizeof("host_") + sizeof(column->name)];

	snprintf(name, sizeof(name), "host_%s", column->name);
	word(json, name);
	value_kind__of(column->member)->json(json, value);
}

static void row(struct output *output, struct record *record)
{
	yajl_gen_map_open(output->json);
	record->lookups = output->lookups;
	for (size_t i = 0; i < output->columns.count; i++) {
		const struct column *column = &output->columns.list[i];
		struct value value = column__value(column, record);

		word(output->json, column->name);
		column->kind->json(output->json, &value);
		if (column->kind == &value_query)
			add_query_details(output->json, record);
		if (column->here)
			add_host_number(output->json, column, &value);
	}
	finish_object(output);
}

static void add_time(yajl_gen json, uint64_t realtime_ns)
{
	struct record record = {.begun_ns = realtime_ns};
	struct value value = {.record = &record};

	word(json, "time");
	value_time.json(json, &value);
}

static void loss(struct output *output, uint64_t realtime_ns, uint64_t lost, const char *what)
{
	yajl_gen_map_open(output->json);
	add_time(output->json, realtime_ns);
	word(output->json, "lost");
	if (lost)
		yajl_gen_integer(output->json, (long long)lost);
	else
		yajl_gen_null(output->json);
	word(output->json, "what");
	value__json_text(output->json, what, strlen(what));
	finish_object(output);
}

static void add_address(yajl_gen json, const char *name, const struct flow *flow,
			const uint8_t address[16])
{
	address_text text;

	word(json, name);
	word(json, address__format(flow->family, address, text));
}

static void counts(struct output *output, uint64_t realtime_ns, struct counted_flow *flows,
		   size_t count, bool results)
{
	yajl_gen json = output->json;

	counts__sort(flows, count);
	for (size_t i = 0; i < count; i++) {
		yajl_gen_map_open(json);
		add_time(json, realtime_ns);
		add_address(json, "saddr", &flows[i].key, flows[i].key.saddr);
		add_address(json, "daddr", &flows[i].key, flows[i].key.daddr);
		word(json, "dport");
		yajl_gen_integer(json, flows[i].key.dport);
		word(json, "connects");
		yajl_gen_integer(json, (long long)flows[i].count.connects);
		word(json, "failed");
		if (results)
			yajl_gen_integer(json, (long long)flows[i].count.failed);
		else
			yajl_gen_null(json);
		finish_object(output);
	}
}

static void end(struct output *output)
{
	lookups__free(output->lookups);
	if (output->json)
		yajl_gen_free(output->json);
	columns__free(&output->columns);
}

const struct output_format json_format = {begin, row, loss, counts, end};
