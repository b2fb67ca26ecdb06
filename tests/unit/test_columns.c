// SPDX-License-Identifier: Apache-2.0
/* Columns that are named, and columns that an edited probe brings along. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "event_members.h"
#include "output/output.h"
#include "test.h"

static const char *no_path(void *ctx, uint64_t id)
{
	(void)ctx;
	return id == 7 ? "/system.slice/nginx.service" : NULL;
}

static struct wide_event wide_event(void)
{
	struct wide_event event = {
		.event = {.time_ns = 5000000000,
			  .kind = EVENT_CONNECT,
			  .family = AF_INET,
			  .lport = 40000,
			  .dport = 443,
			  .pid = 10,
			  .tid = 11,
			  .uid = 0,
			  .comm = "worker"},
		.result = ECONNREFUSED,
		.tos = 16,
		.latency_ns = 55123,
		.cgroup = 7,
		.exe_name = "abc",
		.bytes = {1, 0xab, 0},
		.exe = "curl\0bin\0usr",
		.args = "curl\0-s\0\0http://a b/",
	};

	inet_pton(AF_INET, "10.0.0.1", event.event.saddr);
	inet_pton(AF_INET, "192.0.2.7", event.event.daddr);
	inet_pton(AF_INET, "10.0.0.254", event.next_hop);
	return event;
}

/* --columns LIST or +LIST, as the options would have it. */
static struct options options_for(char *list[], size_t count, bool more)
{
	return (struct options){.columns = {.names = list, .count = count}, .more_columns = more};
}

/* Header and row, without the line before them; NULL when a column is unknown. */
static char *print_source(const struct options *options, const struct columns_source *source,
			  const struct wide_event *event)
{
	struct record record = {.event = &event->event, .cgroup_path = no_path};
	struct output output = {.format = &table_format};
	char *text, *rows;
	size_t size;
	int err;

	output.out = open_memstream(&text, &size);
	err = output.format->begin(&output, options, source);
	if (!err)
		output.format->row(&output, &record);
	output.format->end(&output);
	fclose(output.out);
	if (err) {
		free(text);
		return NULL;
	}
	rows = strchr(text, '\n') + 1;
	memmove(text, rows, strlen(rows) + 1);
	return text;
}

static char *print(const struct options *options, const struct wide_event *event, size_t members)
{
	const struct event_layout layout = layout_of(members);
	const struct columns_source source = {.layout = &layout, .queries = options->dns};

	return print_source(options, &source, event);
}

static void assert_prints(const struct options *options, const char *expected)
{
	struct wide_event event = wide_event();
	char *text = print(options, &event, ALL_MEMBERS);

	assert_non_null(text);
	assert_string_equal(text, expected);
	free(text);
}

static void a_list_stands_in_place_of_the_usual(void **state)
{
	char *list[] = {"dport", "comm", "tid", "container", "errno", "user"};
	struct options options = options_for(list, 6, false);
	(void)state;

	assert_prints(&options,
		      "DPORT  COMM            TID     CONTAINER    ERRNO USER        \n"
		      "443    worker          11      -            111   root         \n");
}

static void what_is_added_shows_behind_the_usual(void **state)
{
	char *list[] = {"exe", "args"};
	struct options options = options_for(list, 2, true);
	struct wide_event event = wide_event();
	char *text = print(&options, &event, ALL_MEMBERS);
	(void)state;

	assert_non_null(strstr(text, " DPORT  RESULT        LAT(ms)    TOS        NEXT_HOP"));
	assert_non_null(strstr(text, " EXE_NAME         BYTES            EXE "));
	assert_non_null(strstr(text, " 443    ECONNREFUSED  0.055      16         10.0.0.254 "));
	assert_non_null(strstr(text, " abc              01ab00           /usr/bin/curl "));
	assert_non_null(strstr(text, " curl -s  http://a b/ "));
	free(text);
}

static void results(void **state)
{
	static const struct {
		connect_result result;
		const char *shown;
	} all[] = {{RESULT_OK, "ok "},
		   {RESULT_CLOSED, "closed "},
		   {RESULT_PENDING, "pending "},
		   {ETIMEDOUT, "ETIMEDOUT "},
		   {EHOSTUNREACH, "EHOSTUNREACH "},
		   {4000, "4000 "}};
	char *list[] = {"result"};
	struct options options = options_for(list, 1, false);
	struct wide_event event = wide_event();
	(void)state;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		char *text;

		event.result = all[i].result;
		text = print(&options, &event, ALL_MEMBERS);
		assert_int_equal(
			strncmp(strchr(text, '\n') + 1, all[i].shown, strlen(all[i].shown)), 0);
		free(text);
	}
}

static void a_cgroup_is_its_path_or_its_number(void **state)
{
	char *list[] = {"cgroup"};
	struct options options = options_for(list, 1, false);
	struct wide_event event = wide_event();
	char *text;
	(void)state;

	text = print(&options, &event, ALL_MEMBERS);
	assert_non_null(strstr(text, "/system.slice/nginx.service"));
	free(text);
	event.cgroup = 8;
	text = print(&options, &event, ALL_MEMBERS);
	assert_non_null(strstr(text, "\n8 "));
	free(text);
}

static void an_edited_probes_member_can_be_named(void **state)
{
	char *list[] = {"tos", "latency_ms"};
	struct options options = options_for(list, 2, false);
	(void)state;

	assert_prints(&options, "TOS        LAT(ms)   \n"
				"16         0.055      \n");
}

/* In a PID namespace, processes are numbered as there; what is outside is marked. */
static void processes_have_the_numbers_of_the_namespace(void **state)
{
	char *list[] = {"pid", "tid", "dport"};
	struct options options = options_for(list, 3, false);
	const struct event_layout layout = layout_of(ALL_MEMBERS);
	const struct columns_source source = {.layout = &layout, .in_pid_namespace = true};
	struct wide_event event = wide_event();
	char *text;
	(void)state;

	event.ns_pid = 2;
	event.ns_tid = 3;
	text = print_source(&options, &source, &event);
	assert_string_equal(text, "PID     TID     DPORT \n"
				  "2       3       443    \n");
	free(text);
	event.ns_pid = event.ns_tid = 0;
	text = print_source(&options, &source, &event);
	assert_string_equal(text, "PID     TID     DPORT \n"
				  "10*     11*     443    \n");
	free(text);
	/* such an object on the host */
	assert_prints(&options, "PID     TID     DPORT \n"
				"10      11      443    \n");
}

static void what_there_is_not_is_refused(void **state)
{
	char *unknown[] = {"nonsense"}, *internal[] = {"length"}, *unsent[] = {"ppid"};
	char *twice[] = {"latency_ns"}, *hidden[] = {"ns_pid"};
	char **lists[] = {unknown, internal, unsent, twice, hidden};
	struct wide_event event = wide_event();
	(void)state;

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct options options = options_for(lists[i], 1, false);

		assert_null(print(&options, &event, ALL_MEMBERS));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_stands_in_place_of_the_usual),
		cmocka_unit_test(what_is_added_shows_behind_the_usual),
		cmocka_unit_test(results),
		cmocka_unit_test(a_cgroup_is_its_path_or_its_number),
		cmocka_unit_test(an_edited_probes_member_can_be_named),
		cmocka_unit_test(processes_have_the_numbers_of_the_namespace),
		cmocka_unit_test(what_there_is_not_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
