/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "options.h"
#include "test.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ARGS_MAX     16
#define PORT_ERROR   "not a port, which is a number from 1 to 65535"
#define PID_ERROR    "not a process ID, which is a number from 1 to 4194304"
#define UID_ERROR    "not a user ID, which is a number from 0 to 4294967294 (id -u NAME tells it)"
#define PAGES_ERROR  "not a number of pages, which is a power of two from 1 to 65536"
#define UNKNOWN	     "no such option; tcpconnect --help lists them"

/* A descriptor's output, caught in a file until caught__text() puts things back. */
struct caught {
	FILE *file;
	int fd;
	int saved;
};

static void caught__begin(struct caught *caught, int fd)
{
	fflush(NULL);
	caught->file = tmpfile();
	caught->fd = fd;
	caught->saved = dup(fd);
	assert_non_null(caught->file);
	assert_true(caught->saved >= 0);
	assert_true(dup2(fileno(caught->file), fd) >= 0);
}

static void caught__text(struct caught *caught, char *text, size_t size)
{
	size_t length;

	fflush(NULL);
	dup2(caught->saved, caught->fd);
	close(caught->saved);
	rewind(caught->file);
	length = fread(text, 1, size - 1, caught->file);
	text[length] = '\0';
	assert_true(length < size - 1);
	fclose(caught->file);
}

/* What options__parse() made of a command line. */
struct outcome {
	int err;
	struct options options;
	char message[2048]; /* on stderr */
};

static void parse(struct outcome *outcome, char **args)
{
	char *argv[ARGS_MAX + 2] = {"tcpconnect"}; /* getopt_long() reorders it */
	struct caught caught;
	int argc = 1;

	for (; args[argc - 1]; argc++) {
		assert_true(argc <= ARGS_MAX);
		argv[argc] = args[argc - 1];
	}
	caught__begin(&caught, STDERR_FILENO);
	outcome->err = options__parse(argc, argv, &outcome->options);
	caught__text(&caught, outcome->message, sizeof(outcome->message));
}

#define ARGS(...)	    ((char *[]){__VA_ARGS__, NULL})
#define PARSE(outcome, ...) parse(outcome, ARGS(__VA_ARGS__))

static void write_list(FILE *out, const char *name, const struct number_list *list)
{
	fprintf(out, "%s", name);
	for (size_t i = 0; i < list->count; i++)
		fprintf(out, "%c%u", i ? ',' : ' ', list->values[i]);
	fputc('\n', out);
}

static void write_path(FILE *out, const char *name, const char *path)
{
	fprintf(out, "%s %s\n", name, path ? path : "-");
}

/* Every member, as text. */
static void describe(const struct options *options, char *text, size_t size)
{
	FILE *out = fmemopen(text, size, "w");

	assert_non_null(out);
	fprintf(out, "action %d family %d types %d attach %d source %d pages %u\n", options->action,
		options->family, options->types, options->attach, options->dns_source,
		options->buffer_pages);
	fprintf(out, "t%d U%d L%d c%d d%d v%d no-cache%d\n", options->timestamp, options->print_uid,
		options->local_port, options->count, options->dns, options->verbose,
		options->no_cache);
	write_list(out, "pids", &options->pids);
	write_list(out, "ports", &options->ports);
	write_list(out, "uids", &options->uids);
	write_path(out, "cgroup_map", options->cgroup_map);
	write_path(out, "mntns_map", options->mntns_map);
	write_path(out, "probes", options->probes);
	write_path(out, "cache", options->cache);
	write_path(out, "output", options->output);
	write_path(out, "object", options->object);
	write_path(out, "kernel", options->kernel);
	write_path(out, "headers", options->headers);
	write_path(out, "btf", options->btf);
	fclose(out);
}

/* Accepted, in silence; `text` gets every member. */
static void check_accepted(char **args, char *text, size_t size)
{
	struct outcome outcome;

	parse(&outcome, args);
	if (outcome.err || *outcome.message)
		fail_msg("%s: refused: %s", args[0], outcome.message);
	describe(&outcome.options, text, size);
	options__free(&outcome.options);
}

/* Both command lines mean the same. */
static void check_same(char **args, char **others)
{
	char text[1024], other_text[1024];

	check_accepted(args, text, sizeof(text));
	check_accepted(others, other_text, sizeof(other_text));
	if (strcmp(text, other_text) != 0)
		fail_msg("%s and %s differ: %s%s", args[0], others[0], text, other_text);
}

#define CHECK_ACCEPTED(...)                                                              \
	do {                                                                             \
		char accepted_text[1024];                                                \
		check_accepted(ARGS(__VA_ARGS__), accepted_text, sizeof(accepted_text)); \
	} while (0)

/* Refused with this line and the usage line, and nothing else. */
static void check_refused(const char *expected, char **args)
{
	struct outcome outcome;
	char *usage, *end;

	parse(&outcome, args);
	assert_int_equal(outcome.err, -EINVAL);
	assert_memory_equal(outcome.message, "tcpconnect: ", strlen("tcpconnect: "));
	usage = strchr(outcome.message, '\n');
	assert_non_null(usage);
	*usage++ = '\0';
	assert_string_equal(outcome.message + strlen("tcpconnect: "), expected);
	assert_memory_equal(usage, "Usage: tcpconnect [", strlen("Usage: tcpconnect ["));
	end = strchr(usage, '\n');
	assert_non_null(end);
	assert_string_equal(end, "\n");
	assert_true(end - usage <= 100);
	options__free(&outcome.options);
}

#define CHECK_REFUSED(expected, ...) check_refused(expected, ARGS(__VA_ARGS__))

static void test_nothing_given(void **state)
{
	struct outcome outcome;
	static const struct options nothing;

	(void)state;
	parse(&outcome, (char *[]){NULL});
	assert_int_equal(outcome.err, 0);
	assert_string_equal(outcome.message, "");
	assert_int_equal(outcome.options.action, ACTION_TRACE);
	assert_int_equal(outcome.options.family, FAMILY_BOTH);
	assert_int_equal(outcome.options.types, TYPES_AUTO);
	assert_int_equal(outcome.options.attach, ATTACH_AUTO);
	assert_int_equal(outcome.options.dns_source, DNS_SOURCE_BOTH);
	assert_memory_equal(&outcome.options, &nothing, sizeof(nothing));
	options__free(&outcome.options);
}

static void test_letters_and_names_mean_the_same(void **state)
{
	(void)state;
	check_same(ARGS("-t"), ARGS("--timestamp"));
	check_same(ARGS("-U"), ARGS("--print-uid"));
	check_same(ARGS("-L"), ARGS("--lport"));
	check_same(ARGS("-c"), ARGS("--count"));
	check_same(ARGS("-d"), ARGS("--dns"));
	check_same(ARGS("-v"), ARGS("--verbose"));
	check_same(ARGS("-4"), ARGS("--ipv4"));
	check_same(ARGS("-6"), ARGS("--ipv6"));
	check_same(ARGS("-h"), ARGS("--help"));
	check_same(ARGS("-p", "1"), ARGS("--pid=1"));
	check_same(ARGS("-P80"), ARGS("--port", "80"));
	check_same(ARGS("-u", "0"), ARGS("--uid=0"));
	check_same(ARGS("-o", "f", "--compile-only"), ARGS("--output=f", "--compile-only"));
	check_same(ARGS("-tULP", "80"), ARGS("-L", "--port", "80", "-U", "-t"));
	check_same(ARGS("-4"), ARGS("-4", "--ipv4"));
}

static void test_every_member_is_set(void **state)
{
	struct outcome outcome;
	struct options *options = &outcome.options;

	(void)state;
	PARSE(&outcome, "-tULdv4", "--cgroupmap", "cg", "--mntnsmap", "ns", "--probes", "pr",
	      "--cache", "ca", "--types=btf", "--btf=b", "--attach=sockops", "--dns-source=libc",
	      "--buffer-pages=128");
	assert_int_equal(outcome.err, 0);
	assert_true(options->timestamp && options->print_uid && options->local_port);
	assert_true(options->dns && options->verbose);
	assert_false(options->count || options->no_cache);
	assert_int_equal(options->family, FAMILY_IPV4);
	assert_string_equal(options->cgroup_map, "cg");
	assert_string_equal(options->mntns_map, "ns");
	assert_string_equal(options->probes, "pr");
	assert_string_equal(options->cache, "ca");
	assert_string_equal(options->btf, "b");
	assert_int_equal(options->types, TYPES_BTF);
	assert_int_equal(options->attach, ATTACH_SOCKOPS);
	assert_int_equal(options->dns_source, DNS_SOURCE_LIBC);
	assert_int_equal(options->buffer_pages, 128);
	options__free(options);

	PARSE(&outcome, "--compile-only", "-o", "out", "--kernel", "6.1.0-18-amd64", "--headers",
	      "h", "--types=headers", "--attach=kprobe", "-c6", "--no-cache");
	assert_int_equal(outcome.err, 0);
	assert_int_equal(options->action, ACTION_COMPILE_ONLY);
	assert_string_equal(options->output, "out");
	assert_string_equal(options->kernel, "6.1.0-18-amd64");
	assert_string_equal(options->headers, "h");
	assert_int_equal(options->types, TYPES_HEADERS);
	assert_int_equal(options->attach, ATTACH_KPROBE);
	assert_int_equal(options->family, FAMILY_IPV6);
	assert_true(options->count && options->no_cache);
	options__free(options);

	PARSE(&outcome, "--object", "o");
	assert_int_equal(outcome.err, 0);
	assert_string_equal(options->object, "o");
	options__free(options);
}

static void check_list(const struct number_list *list, const uint32_t *expected, size_t count)
{
	assert_int_equal(list->count, count);
	assert_memory_equal(list->values, expected, count * sizeof(*expected));
}

#define CHECK_LIST(list, ...) \
	check_list(list, (uint32_t[]){__VA_ARGS__}, COUNT(((uint32_t[]){__VA_ARGS__})))

static void test_lists_are_collected_in_order_and_once(void **state)
{
	struct outcome outcome;

	(void)state;
	PARSE(&outcome, "-P", "443,80", "-p", "7", "--port=80,8080", "-p1,7", "-P", "443", "-u",
	      "0,1000");
	assert_int_equal(outcome.err, 0);
	CHECK_LIST(&outcome.options.ports, 443, 80, 8080);
	CHECK_LIST(&outcome.options.pids, 7, 1);
	CHECK_LIST(&outcome.options.uids, 0, 1000);
	options__free(&outcome.options);
}

static void test_the_limits_of_numbers_are_inside(void **state)
{
	struct outcome outcome;

	(void)state;
	PARSE(&outcome, "-P", "1,65535", "-p", "1,4194304", "-u", "0,4294967294", "--buffer-pages",
	      "65536");
	assert_int_equal(outcome.err, 0);
	CHECK_LIST(&outcome.options.ports, 1, 65535);
	CHECK_LIST(&outcome.options.pids, 1, 4194304);
	CHECK_LIST(&outcome.options.uids, 0, 4294967294);
	assert_int_equal(outcome.options.buffer_pages, 65536);
	options__free(&outcome.options);

	PARSE(&outcome, "-P", "0080", "--buffer-pages", "1");
	assert_int_equal(outcome.err, 0);
	CHECK_LIST(&outcome.options.ports, 80);
	assert_int_equal(outcome.options.buffer_pages, 1);
	options__free(&outcome.options);
}

static void test_a_long_list(void **state)
{
	enum { PORTS = 5000 };
	static char list[PORTS * 6];
	struct outcome outcome;

	(void)state;
	for (int port = 1, used = 0; port <= PORTS; port++)
		used += sprintf(list + used, "%s%d", used ? "," : "", port);
	PARSE(&outcome, "-P", list, "-P", list);
	assert_int_equal(outcome.err, 0);
	assert_int_equal(outcome.options.ports.count, PORTS);
	for (uint32_t i = 0; i < PORTS; i++)
		assert_int_equal(outcome.options.ports.values[i], i + 1);
	options__free(&outcome.options);
}

static void test_bad_ports(void **state)
{
	static char *const bad[] = {
		"0",
		"00",
		"65536",
		"70000",
		"-1",
		"+80",
		"x",
		"80x",
		"0x50",
		"8 0",
		"http",
		"80.0",
		"1e3",
		"*",
		"80-",
		"-",
		"--",
		"-h",
		"80;",
		"4294967376",
		"18446744073709551696",
		"99999999999999999999999999",
	};
	char expected[256];

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		const char *quote = strchr(bad[i], ' ') ? "'" : "";

		snprintf(expected, sizeof(expected), "-P %s%s%s: " PORT_ERROR, quote, bad[i],
			 quote);
		CHECK_REFUSED(expected, "-P", bad[i]);
	}
	CHECK_REFUSED("-P '': " PORT_ERROR, "-P", "");
	CHECK_REFUSED("-P ' 80': " PORT_ERROR, "-P", " 80");
	CHECK_REFUSED("-P '80 ': " PORT_ERROR, "-P", "80 ");
	CHECK_REFUSED("-P 80\\x0a: " PORT_ERROR, "-P", "80\n");
	CHECK_REFUSED("--port 0: " PORT_ERROR, "--port", "0");
	CHECK_REFUSED("--port 0: " PORT_ERROR, "--po=0");
	CHECK_REFUSED("--port '': " PORT_ERROR, "--port=");
	CHECK_REFUSED("-P =80: " PORT_ERROR, "-P=80");
	/* a good value before it changes nothing */
	CHECK_REFUSED("-P 0: " PORT_ERROR, "-P", "80", "-P", "0");
}

static void test_bad_items_of_lists_are_named(void **state)
{
	(void)state;
	CHECK_REFUSED("-P 80,,81: '' is " PORT_ERROR, "-P", "80,,81");
	CHECK_REFUSED("-P 80,: '' is " PORT_ERROR, "-P", "80,");
	CHECK_REFUSED("-P ,80: '' is " PORT_ERROR, "-P", ",80");
	CHECK_REFUSED("-P ,: '' is " PORT_ERROR, "-P", ",");
	CHECK_REFUSED("-P 80,70000: 70000 is " PORT_ERROR, "-P", "80,70000");
	CHECK_REFUSED("-P x,80: x is " PORT_ERROR, "-P", "x,80");
	CHECK_REFUSED("-P '80, 81': ' 81' is " PORT_ERROR, "-P", "80, 81");
	CHECK_REFUSED("-p 1,0: 0 is " PID_ERROR, "-p", "1,0");
}

static void test_bad_pids(void **state)
{
	(void)state;
	CHECK_REFUSED("-p x: " PID_ERROR, "-p", "x");
	CHECK_REFUSED("-p 0: " PID_ERROR, "-p", "0");
	CHECK_REFUSED("-p -1: " PID_ERROR, "-p", "-1");
	CHECK_REFUSED("-p -1: " PID_ERROR, "-p-1");
	CHECK_REFUSED("-p 4194305: " PID_ERROR, "-p", "4194305");
	CHECK_REFUSED("-p 1.5: " PID_ERROR, "-p", "1.5");
	CHECK_REFUSED("-p '': " PID_ERROR " (is there such a process?)", "-p", "");
	CHECK_REFUSED("--pid self: " PID_ERROR, "--pid=self");
}

static void test_bad_uids(void **state)
{
	(void)state;
	CHECK_REFUSED("-u -1: " UID_ERROR, "-u", "-1");
	CHECK_REFUSED("-u 4294967295: " UID_ERROR, "-u", "4294967295");
	CHECK_REFUSED("-u 4294967296: " UID_ERROR, "-u", "4294967296");
	CHECK_REFUSED("-u root: " UID_ERROR, "-u", "root");
	CHECK_REFUSED("--uid '': " UID_ERROR, "--uid=");
}

static void test_bad_buffer_pages(void **state)
{
	static char *const bad[] = {"0", "3", "100", "65535", "131072", "-8", "8k", "x"};
	char expected[128];

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		snprintf(expected, sizeof(expected), "--buffer-pages %s: " PAGES_ERROR, bad[i]);
		CHECK_REFUSED(expected, "--buffer-pages", bad[i]);
	}
	CHECK_REFUSED("--buffer-pages '': " PAGES_ERROR, "--buffer-pages=");
	for (unsigned int pages = 1; pages <= 65536; pages *= 2) {
		char text[16];

		sprintf(text, "%u", pages);
		CHECK_ACCEPTED("--buffer-pages", text);
	}
}

static void test_words(void **state)
{
	(void)state;
	check_same(ARGS("-t"), ARGS("--types=auto", "-t"));
	check_same(ARGS("-t"), ARGS("--attach", "auto", "-t"));
	check_same(ARGS("-d"), ARGS("--dns-source", "both", "-d"));
	check_same(ARGS("--types=btf"), ARGS("--types=headers", "--types=btf")); /* the last one */
	CHECK_REFUSED("--types vmlinux: not one of auto|btf|headers", "--types", "vmlinux");
	CHECK_REFUSED("--types '': not one of auto|btf|headers", "--types=");
	CHECK_REFUSED("--types BTF: not one of auto|btf|headers", "--types=BTF");
	CHECK_REFUSED("--types btf,headers: not one of auto|btf|headers", "--types=btf,headers");
	CHECK_REFUSED("--attach fentry: not one of auto|kprobe|sockops", "--attach=fentry");
	CHECK_REFUSED("--dns-source w: not one of wire|libc|both", "-d", "--dns-source=w");
}

static void test_empty_paths(void **state)
{
	(void)state;
	CHECK_REFUSED("--cgroupmap '': empty, and PATH is needed", "--cgroupmap", "");
	CHECK_REFUSED("--mntnsmap '': empty, and PATH is needed", "--mntnsmap=");
	CHECK_REFUSED("--probes '': empty, and DIR is needed", "--probes=");
	CHECK_REFUSED("--object '': empty, and FILE is needed", "--object=");
	CHECK_REFUSED("-o '': empty, and FILE is needed", "-o", "");
	CHECK_ACCEPTED("--probes", "with blanks and \xc3\xa4");
	CHECK_ACCEPTED("--cgroupmap", "-x");
}

static void test_bad_kernel_releases(void **state)
{
	static char *const bad[] = {"../6.1", "6.1/x", ".", ".."};
	char longest[65 + 1] = "";
	char expected[256];

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		snprintf(expected, sizeof(expected),
			 "--kernel %s: not a kernel's release, which uname -r prints", bad[i]);
		CHECK_REFUSED(expected, "--compile-only", "-o", "f", "--kernel", bad[i]);
	}
	CHECK_REFUSED("--kernel '': not a kernel's release, which uname -r prints", "--kernel=");
	CHECK_REFUSED("--kernel '6.1 x': not a kernel's release, which uname -r prints",
		      "--kernel=6.1 x");
	CHECK_REFUSED("--kernel 6.1\\x0ax: not a kernel's release, which uname -r prints",
		      "--kernel=6.1\nx");
	memset(longest, '6', 64);
	CHECK_ACCEPTED("--compile-only", "-o", "f", "--kernel", longest);
	longest[64] = '6';
	snprintf(expected, sizeof(expected),
		 "--kernel %.60s...: not a kernel's release, which uname -r prints", longest);
	CHECK_REFUSED(expected, "--compile-only", "-o", "f", "--kernel", longest);
}

static void test_unknown_options(void **state)
{
	(void)state;
	CHECK_REFUSED("-x: " UNKNOWN, "-x");
	CHECK_REFUSED("-x: " UNKNOWN, "-tx");
	CHECK_REFUSED("-x: " UNKNOWN, "-xt");
	CHECK_REFUSED("-W: " UNKNOWN, "-W", "foo");
	CHECK_REFUSED("-?: " UNKNOWN, "-?");
	CHECK_REFUSED("-:: " UNKNOWN, "-:");
	CHECK_REFUSED("-\\xc3: " UNKNOWN, "-\xc3\xa9");
	CHECK_REFUSED("--foo: " UNKNOWN, "--foo");
	CHECK_REFUSED("--foo: " UNKNOWN, "--foo=80");
	CHECK_REFUSED("--Port: " UNKNOWN, "--Port", "80");
	CHECK_REFUSED("--ports: " UNKNOWN, "--ports", "80");
	CHECK_REFUSED("--: " UNKNOWN, "--=80");
	CHECK_REFUSED("--a\\x1b[2Jb: " UNKNOWN, "--a\x1b[2Jb");
	CHECK_REFUSED("-x: " UNKNOWN, "80", "-x"); /* wins over the stray argument */
}

static void test_ambiguous_options(void **state)
{
	(void)state;
	CHECK_REFUSED("--p: can mean --pid, --port, --print-uid, --probes; write more of it",
		      "--p=80");
	CHECK_REFUSED("--ipv: can mean --ipv4, --ipv6; write more of it", "--ipv");
	CHECK_REFUSED("--ver: can mean --verbose, --version; write more of it", "--ver");
	CHECK_REFUSED("--o: can mean --output, --object; write more of it", "--o", "f");
}

static void test_missing_and_needless_arguments(void **state)
{
	(void)state;
	CHECK_REFUSED("-P: its argument is missing: -P PORT[,PORT...]", "-P");
	CHECK_REFUSED("-P: its argument is missing: -P PORT[,PORT...]", "-tP");
	CHECK_REFUSED("-p: its argument is missing: -p PID[,PID...]", "-t", "-p");
	CHECK_REFUSED("--port: its argument is missing: --port PORT[,PORT...]", "--port");
	CHECK_REFUSED("--port: its argument is missing: --port PORT[,PORT...]", "--po");
	CHECK_REFUSED("--types: its argument is missing: --types auto|btf|headers", "--types");
	CHECK_REFUSED("--cgroupmap: its argument is missing: --cgroupmap PATH", "x", "--cgroupmap");
	CHECK_REFUSED("--count: takes no argument", "--count=3");
	CHECK_REFUSED("--count: takes no argument", "--co=");
	CHECK_REFUSED("--no-cache: takes no argument", "--no-cache=yes");
	CHECK_REFUSED("--help: takes no argument", "--h=x");
}

static void test_stray_arguments(void **state)
{
	static const char hint[] = "a stray argument; values belong to options: -P 80,443";
	char expected[128];

	(void)state;
	snprintf(expected, sizeof(expected), "80: %s", hint);
	CHECK_REFUSED(expected, "80");
	CHECK_REFUSED(expected, "-t", "80", "-U");
	CHECK_REFUSED(expected, "-P", "443", "80");
	CHECK_REFUSED(expected, "--", "80");
	snprintf(expected, sizeof(expected), "-t: %s", hint);
	CHECK_REFUSED(expected, "--", "-t");
	snprintf(expected, sizeof(expected), "-: %s", hint);
	CHECK_REFUSED(expected, "-");
	snprintf(expected, sizeof(expected), "'': %s", hint);
	CHECK_REFUSED(expected, "");
	CHECK_ACCEPTED("-t", "--");
}

static void test_long_arguments_are_cut_in_messages(void **state)
{
	static char list[100 * 1000];
	char expected[256];

	(void)state;
	memset(list, '7', sizeof(list) - 1);
	snprintf(expected, sizeof(expected), "-P %.60s...: " PORT_ERROR, list);
	CHECK_REFUSED(expected, "-P", list);
	memset(list, '\x1b', sizeof(list) - 1);
	CHECK_REFUSED("-P "
		      "\\x1b\\x1b\\x1b\\x1b\\x1b\\x1b\\x1b\\x1b\\x1b\\x1b\\x1b\\x1b\\x1b\\x1b\\x1b"
		      "\\x1b\\x1b\\x1b\\x1b\\x1b\\x1b\\x1b\\x1b\\x1b\\x1b\\x1b\\x1b\\x1b\\x1b\\x1b"
		      "\\x1b\\x1b\\x1b\\x1b\\x1b\\x1b\\x1b\\x1b\\x1b\\x1b\\x1b\\x1b\\x1b\\x1b\\x1b"
		      "\\x1b\\x1b\\x1b\\x1b\\x1b\\x1b\\x1b\\x1b\\x1b\\x1b\\x1b\\x1b\\x1b\\x1b\\x1b"
		      "...: " PORT_ERROR,
		      "-P", list);
}

static void test_options_that_exclude_each_other(void **state)
{
	(void)state;
	CHECK_REFUSED("-4 and -6 exclude each other: without either, both families are traced",
		      "-6", "-4");
	CHECK_REFUSED("-4 and -6 exclude each other: without either, both families are traced",
		      "--ipv4", "--ipv6");
	CHECK_REFUSED("-c and -d exclude each other: counts are kept by address and have no names",
		      "-cd");
	CHECK_REFUSED("--cache and --no-cache exclude each other: one keeps objects, the other "
		      "keeps none",
		      "--no-cache", "--cache", "d");
	CHECK_REFUSED("--compile-only and --ebpf exclude each other: one writes the object, the "
		      "other prints its text",
		      "--compile-only", "--ebpf", "-o", "f");
	CHECK_REFUSED("--headers is not used with --types btf", "--headers=h", "--types=btf");
	CHECK_REFUSED("--btf is not used with --types headers", "--types=headers", "--btf=b");
	CHECK_ACCEPTED("--headers=h", "--btf=b");
}

static void test_options_that_need_another_one(void **state)
{
	(void)state;
	CHECK_REFUSED("--compile-only needs -o, the file to write the object to", "--compile-only");
	CHECK_REFUSED("-o needs --compile-only, whose object it names; rows go to stdout", "-o",
		      "f");
	CHECK_REFUSED("--kernel needs --compile-only, since only the running kernel can be traced",
		      "--kernel=6.1");
	CHECK_REFUSED("--dns-source needs -d, which shows the names", "--dns-source=wire");
}

static void test_counting_takes_the_columns_options(void **state)
{
	(void)state;
	CHECK_ACCEPTED("-ctUL");
	CHECK_ACCEPTED("-cv", "--cgroupmap=m", "-P", "80");
}

static void test_what_is_baked_into_an_object(void **state)
{
	static const struct {
		const char *name;
		char *args[3];
	} baked[] = {
		{"-p", {"-p", "1"}},
		{"-p", {"--pid=1"}},
		{"-P", {"-P", "80"}},
		{"-u", {"-u", "0"}},
		{"-4", {"-4"}},
		{"-6", {"--ipv6"}},
		{"-c", {"-c"}},
		{"-d", {"-d"}},
		{"--dns-source", {"--dns-source=both"}},
		{"--probes", {"--probes=d"}},
		{"--types", {"--types=auto"}},
		{"--btf", {"--btf=f"}},
		{"--headers", {"--headers=d"}},
		{"--kernel", {"--kernel=6.1"}},
		{"--attach", {"--attach=auto"}},
	};
	char expected[128];

	(void)state;
	for (size_t i = 0; i < COUNT(baked); i++) {
		snprintf(expected, sizeof(expected),
			 "%s is baked into the object; give it with --compile-only when the object "
			 "is made",
			 baked[i].name);
		CHECK_REFUSED(expected, "--object=o", baked[i].args[0], baked[i].args[1]);
		CHECK_REFUSED(expected, "-t", baked[i].args[0],
			      baked[i].args[1] ? baked[i].args[1] : "--object=o",
			      baked[i].args[1] ? "--object=o" : NULL);
	}
}

static void test_what_goes_with_an_object(void **state)
{
	(void)state;
	CHECK_ACCEPTED("--object=o", "-tULv", "--buffer-pages=8", "--cgroupmap=c", "--mntnsmap=m");
	CHECK_ACCEPTED("--object=o", "--no-cache"); /* true anyway */
	CHECK_REFUSED("--cache and --object exclude each other: the cache is for objects that are "
		      "compiled at the start",
		      "--object=o", "--cache=d");
	CHECK_REFUSED("--compile-only and --object exclude each other: one makes an object, the "
		      "other loads it",
		      "--object=o", "--compile-only", "-o", "f");
	CHECK_REFUSED("--ebpf and --object exclude each other: one is compiled already, the other "
		      "is text to compile",
		      "--object=o", "--ebpf");
}

static void test_help_and_version_end_the_parsing(void **state)
{
	static const struct {
		char *args[4];
		enum action action;
	} cases[] = {
		{{"-h"}, ACTION_HELP},
		{{"-h", "--foo"}, ACTION_HELP},
		{{"-h", "-P", "0"}, ACTION_HELP},
		{{"-4", "-6", "-h"}, ACTION_HELP},
		{{"-cdh"}, ACTION_HELP},
		{{"80", "--help"}, ACTION_HELP},
		{{"--ebpf", "--help"}, ACTION_HELP},
		{{"--version"}, ACTION_VERSION},
		{{"--version", "--help"}, ACTION_VERSION},
		{{"-o", "f", "--version"}, ACTION_VERSION},
	};
	struct outcome outcome;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		parse(&outcome, (char **)cases[i].args);
		assert_int_equal(outcome.err, 0);
		assert_string_equal(outcome.message, "");
		assert_int_equal(outcome.options.action, cases[i].action);
		options__free(&outcome.options);
	}
	CHECK_REFUSED("-P 0: " PORT_ERROR, "-P", "0", "-h"); /* what stands first counts */
}

/*
 * argparse takes every beginning of a name that is no other name's. Here are more names, but who
 * comes from tcpconnect-bpfcc goes on to type what worked there.
 */
static void test_abbreviations_of_the_python_tool(void **state)
{
	static const struct {
		char *name;
		char *argument;
		size_t shortest; /* length of the shortest beginning that argparse takes */
	} names[] = {
		{"help", NULL, 1},  {"timestamp", NULL, 1}, {"pid", "1", 2},
		{"port", "80", 2},  {"ipv4", NULL, 4},	    {"ipv6", NULL, 4},
		{"lport", NULL, 1}, {"print-uid", NULL, 2}, {"uid", "0", 1},
		{"count", NULL, 2}, {"cgroupmap", "m", 2},  {"mntnsmap", "m", 1},
		{"dns", NULL, 1},   {"ebpf", NULL, 1},
	};
	char full[32], beginning[32];

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		snprintf(full, sizeof(full), "--%s", names[i].name);
		for (size_t length = names[i].shortest; length <= strlen(names[i].name); length++) {
			snprintf(beginning, sizeof(beginning), "%.*s", (int)(2 + length), full);
			if (strcmp(beginning, "--time") == 0)
				continue; /* an option of its own here */
			check_same(ARGS(beginning, names[i].argument),
				   ARGS(full, names[i].argument));
		}
	}
}

static void test_abbreviations_of_our_names(void **state)
{
	(void)state;
	check_same(ARGS("--verb"), ARGS("--verbose"));
	check_same(ARGS("--vers"), ARGS("--version"));
	check_same(ARGS("--pro=d"), ARGS("--probes=d"));
	check_same(ARGS("--ca=d"), ARGS("--cache=d"));
	check_same(ARGS("--com", "--ou=f"), ARGS("--compile-only", "--output=f"));
	check_same(ARGS("--ob=f"), ARGS("--object=f"));
	check_same(ARGS("--hea=d"), ARGS("--headers=d"));
	check_same(ARGS("--bt=f"), ARGS("--btf=f"));
	check_same(ARGS("--ty=btf"), ARGS("--types=btf"));
	check_same(ARGS("--bu=8"), ARGS("--buffer-pages=8"));
	check_same(ARGS("-d", "--dns-s=wire"), ARGS("-d", "--dns-source=wire"));
}

static void test_memory_can_be_freed_twice(void **state)
{
	struct outcome outcome;

	(void)state;
	PARSE(&outcome, "-P", "80", "-p", "1", "-u", "2");
	options__free(&outcome.options);
	assert_null(outcome.options.ports.values);
	options__free(&outcome.options);
}

static void test_help_shows_every_option_in_100_columns(void **state)
{
	static const char *const options[] = {
		"  -p, --pid PID[,PID...] ",
		"  -P, --port PORT[,PORT...] ",
		"  -u, --uid UID[,UID...] ",
		"  -4, --ipv4 ",
		"  -6, --ipv6 ",
		"      --cgroupmap PATH ",
		"      --mntnsmap PATH ",
		"  -t, --timestamp ",
		"  -U, --print-uid ",
		"  -L, --lport ",
		"  -d, --dns ",
		"      --dns-source wire|libc|both ",
		"  -r, --result ",
		"  -T, --time ",
		"      --columns [+]LIST ",
		"      --json ",
		"  -c, --count ",
		"      --probes DIR ",
		"      --ebpf ",
		"      --types auto|btf|headers ",
		"      --btf FILE ",
		"      --headers DIR ",
		"      --cache DIR ",
		"      --no-cache ",
		"      --compile-only ",
		"  -o, --output FILE ",
		"      --kernel RELEASE ",
		"      --object FILE ",
		"      --attach auto|kprobe|sockops ",
		"      --buffer-pages N ",
		"  -v, --verbose ",
		"  -h, --help ",
		"      --version ",
	};
	static char text[16 * 1024];
	struct caught caught;
	size_t options_shown = 0;

	(void)state;
	caught__begin(&caught, STDOUT_FILENO);
	options__print_help();
	caught__text(&caught, text, sizeof(text));
	for (size_t i = 0; i < COUNT(options); i++)
		if (!strstr(text, options[i]))
			fail_msg("--help lacks \"%s\"", options[i]);
	assert_memory_equal(text, "Usage: tcpconnect", strlen("Usage: tcpconnect"));
	assert_non_null(strstr(text, "\nExamples:\n  tcpconnect -P 80,443 -d "));
	assert_non_null(strstr(text, "\nExit status:\n"));
	assert_non_null(strstr(text, "man tcpconnect\n"));
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		assert_true(strlen(line) <= 100);
		assert_null(strpbrk(line, "\t\x1b"));
		options_shown += strncmp(line, "  -", 3) == 0 || strncmp(line, "      --", 8) == 0;
	}
	assert_int_equal(options_shown, COUNT(options));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_given),
		cmocka_unit_test(test_letters_and_names_mean_the_same),
		cmocka_unit_test(test_every_member_is_set),
		cmocka_unit_test(test_lists_are_collected_in_order_and_once),
		cmocka_unit_test(test_the_limits_of_numbers_are_inside),
		cmocka_unit_test(test_a_long_list),
		cmocka_unit_test(test_bad_ports),
		cmocka_unit_test(test_bad_items_of_lists_are_named),
		cmocka_unit_test(test_bad_pids),
		cmocka_unit_test(test_bad_uids),
		cmocka_unit_test(test_bad_buffer_pages),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_empty_paths),
		cmocka_unit_test(test_bad_kernel_releases),
		cmocka_unit_test(test_unknown_options),
		cmocka_unit_test(test_ambiguous_options),
		cmocka_unit_test(test_missing_and_needless_arguments),
		cmocka_unit_test(test_stray_arguments),
		cmocka_unit_test(test_long_arguments_are_cut_in_messages),
		cmocka_unit_test(test_options_that_exclude_each_other),
		cmocka_unit_test(test_options_that_need_another_one),
		cmocka_unit_test(test_counting_takes_the_columns_options),
		cmocka_unit_test(test_what_is_baked_into_an_object),
		cmocka_unit_test(test_what_goes_with_an_object),
		cmocka_unit_test(test_help_and_version_end_the_parsing),
		cmocka_unit_test(test_abbreviations_of_the_python_tool),
		cmocka_unit_test(test_abbreviations_of_our_names),
		cmocka_unit_test(test_memory_can_be_freed_twice),
		cmocka_unit_test(test_help_shows_every_option_in_100_columns),
	};

	program_invocation_short_name = "tcpconnect"; /* messages begin with it */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
