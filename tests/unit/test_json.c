// SPDX-License-Identifier: Apache-2.0
/* One object a line; valid JSON and valid UTF-8, whatever the values hold. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <yajl/yajl_parse.h>

#include "event_members.h"
#include "output/output.h"
#include "test.h"

static const char *strange_path(void *ctx, uint64_t id)
{
	(void)ctx;
	(void)id;
	return "/a\"b\\c\xff\n";
}

/* The lines for one event; yajl's parser, which also checks UTF-8, must take each of them. */
static char *write_source(const struct options *options, const struct columns_source *source,
			  struct record *record)
{
	struct output output = {.format = &json_format};
	yajl_handle parser = yajl_alloc(NULL, NULL, NULL);
	char *text;
	size_t size;

	output.out = open_memstream(&text, &size);
	assert_int_equal(output.format->begin(&output, options, source), 0);
	output.format->row(&output, record);
	output.format->end(&output);
	fclose(output.out);
	assert_int_equal(text[size - 1], '\n');
	assert_ptr_equal(strchr(text, '\n'), text + size - 1);
	assert_int_equal(yajl_parse(parser, (unsigned char *)text, size), yajl_status_ok);
	assert_int_equal(yajl_complete_parse(parser), yajl_status_ok);
	yajl_free(parser);
	return text;
}

static char *write_row(const struct options *options, struct record *record, size_t members,
		       bool queries)
{
	const struct event_layout layout = layout_of(members);
	const struct columns_source source = {.layout = &layout, .queries = queries};

	return write_source(options, &source, record);
}

static struct wide_event event_of(const char *comm)
{
	struct wide_event event = {.event = {.time_ns = 2000000123,
					     .family = AF_INET,
					     .pid = 10,
					     .tid = 11,
					     .uid = 4294967294,
					     .lport = 40000,
					     .dport = 443,
					     .saddr = {127, 0, 0, 1},
					     .daddr = {192, 0, 2, 7}}};

	memcpy(event.event.comm, comm, strnlen(comm, sizeof(event.event.comm)));
	return event;
}

static void what_is_always_there(void **state)
{
	struct options options = {.json = true};
	struct wide_event event = event_of("curl");
	struct record record = {.event = &event.event,
				.begun_ns = event.event.time_ns,
				.to_realtime_ns = INT64_C(1700000000000000000)};
	char *text = write_row(&options, &record, FIXED_MEMBERS, false);
	(void)state;

	assert_string_equal(text,
			    "{\"time\":\"2023-11-14T22:13:22.000000123Z\",\"pid\":10,\"tid\":11,"
			    "\"uid\":4294967294,\"comm\":\"curl\",\"ip\":4,\"saddr\":\"127.0.0.1\","
			    "\"lport\":40000,\"daddr\":\"192.0.2.7\",\"dport\":443}\n");
	free(text);
}

static void names_and_results(void **state)
{
	struct options options = {.json = true};
	struct wide_event event = event_of("curl");
	struct record record = {.event = &event.event,
				.query = "example.org",
				.query_age_ns = 1500000,
				.query_from = "self",
				.cgroup_path = strange_path};
	char *text;
	(void)state;

	event.result = ECONNREFUSED;
	event.latency_ns = 1234567;
	text = write_row(&options, &record, ALL_MEMBERS, true);
	assert_non_null(strstr(text, "\"query\":\"example.org\",\"query_age_ms\":1.500,"
				     "\"query_from\":\"self\",\"result\":\"ECONNREFUSED\","
				     "\"errno\":111,\"latency_ms\":1.234,"));
	free(text);
	record.query = NULL;
	event.result = RESULT_CLOSED;
	text = write_row(&options, &record, ALL_MEMBERS, true);
	assert_non_null(strstr(text, "\"query\":null,\"query_age_ms\":null,\"query_from\":null,"
				     "\"result\":\"closed\",\"errno\":null,"));
	free(text);
}

/* In a PID namespace there are both numbers, or only the host's. */
static void numbers_of_the_namespace(void **state)
{
	const struct event_layout layout = layout_of(ALL_MEMBERS);
	const struct columns_source source = {.layout = &layout, .in_pid_namespace = true};
	struct options options = {.json = true};
	struct wide_event event = event_of("curl");
	struct record record = {.event = &event.event, .cgroup_path = strange_path};
	char *text;
	(void)state;

	event.ns_pid = 2;
	event.ns_tid = 3;
	text = write_source(&options, &source, &record);
	assert_non_null(strstr(text, "Z\",\"pid\":2,\"host_pid\":10,\"tid\":3,\"host_tid\":11,"
				     "\"uid\":"));
	assert_null(strstr(text, "ns_pid"));
	free(text);
	event.ns_pid = event.ns_tid = 0;
	text = write_source(&options, &source, &record);
	assert_non_null(strstr(text, "Z\",\"pid\":null,\"host_pid\":10,\"tid\":null,"
				     "\"host_tid\":11,\"uid\":"));
	free(text);
}

/* Every byte, and pieces of UTF-8, in every text that there is. */
static void any_bytes_are_valid(void **state)
{
	static const char *const strange[] = {
		"\"",		"\\",		"\x01\x1f\x7f", "\xc3\xa4", "\xc3",
		"\xed\xa0\x80", "\xf0\x9f\x98", "\xff\xfe",	"\xc0\xaf", "\xf4\x90\x80\x80"};
	char *list[] = {"cgroup", "container", "exe", "args"};
	struct options options = {.json = true, .columns = {.names = list, .count = 4}};
	(void)state;

	for (size_t i = 0; i < 256 + sizeof(strange) / sizeof(strange[0]); i++) {
		char byte[2] = {(char)i, '\0'};
		const char *bytes = i < 256 ? byte : strange[i - 256];
		struct wide_event event = event_of(bytes);
		struct record record = {
			.event = &event.event, .query = bytes, .cgroup_path = strange_path};

		strcpy(event.exe_name, bytes);
		strcpy(event.exe, bytes);
		strcpy(event.args, bytes);
		free(write_row(&options, &record, ALL_MEMBERS, true));
	}
}

static void what_is_lost_is_an_object_too(void **state)
{
	const struct event_layout layout = layout_of(FIXED_MEMBERS);
	const struct columns_source source = {.layout = &layout};
	struct options options = {.json = true};
	struct output output = {.format = &json_format};
	char *text;
	size_t size;
	(void)state;

	output.out = open_memstream(&text, &size);
	output.format->begin(&output, &options, &source);
	output.format->loss(&output, UINT64_C(1700000000000000000), 12, "connects: \"why\"");
	output.format->loss(&output, UINT64_C(1700000000000000000), 0, "names");
	output.format->end(&output);
	fclose(output.out);
	assert_string_equal(text, "{\"time\":\"2023-11-14T22:13:20.000000000Z\",\"lost\":12,"
				  "\"what\":\"connects: \\\"why\\\"\"}\n"
				  "{\"time\":\"2023-11-14T22:13:20.000000000Z\",\"lost\":null,"
				  "\"what\":\"names\"}\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_always_there),
		cmocka_unit_test(names_and_results),
		cmocka_unit_test(numbers_of_the_namespace),
		cmocka_unit_test(any_bytes_are_valid),
		cmocka_unit_test(what_is_lost_is_an_object_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
