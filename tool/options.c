// SPDX-License-Identifier: Apache-2.0
#include "options.h"

#include <assert.h>
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "printable.h"

#define USAGE                                                                                       \
	"Usage: tcpconnect [-hLrtTUv] [-4 | -6] [-c | -d] [-p PID,...] [-P PORT,...] [-u UID,...] " \
	"[OPTION...]"

struct row;

/* Take an option's argument into a member of struct options; `name` is as the user wrote it. */
typedef int (*take_fn)(void *field, const struct row *row, const char *name, const char *argument);

/* One option: how it is written, what it does, what --help says about it. */
struct row {
	int id; /* its letter, or one of the numbers below */
	const char *name;
	const char *argument; /* NULL: it takes none */
	const char *help;
	take_fn take;
	size_t field;	    /* the member of struct options that it sets, by offset */
	const void *values; /* what that can become: a struct number_kind or struct word[] */
	int value;	    /* what that becomes, with take_value() */
	bool baked;	    /* into an object, so that it has no place beside --object */
	/*
	 * Beginnings of the name that tcpconnect-bpfcc knows as this option, and that would be
	 * ambiguous here, where there are more names.
	 */
	const char *abbreviations[3];
	const char *heading; /* of the group in --help that begins with this option */
};

/* Options that have no letter. */
enum {
	ID_ATTACH = 256,
	ID_BTF,
	ID_BUFFER_PAGES,
	ID_CACHE,
	ID_CGROUP_MAP,
	ID_COLUMNS,
	ID_COMPILE_ONLY,
	ID_DNS_SOURCE,
	ID_EBPF,
	ID_HEADERS,
	ID_JSON,
	ID_KERNEL,
	ID_MNTNS_MAP,
	ID_NO_CACHE,
	ID_OBJECT,
	ID_PROBES,
	ID_TYPES,
	ID_VERSION,
};

/* What an option's argument can be. */
struct number_kind {
	const char *what;
	uint32_t min, max;
};

struct word {
	const char *word;
	int value;
};

__attribute__((format(printf, 1, 2))) static int usage_error(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vwarnx(format, arguments);
	va_end(arguments);
	fputs(USAGE "\n", stderr);
	return -EINVAL;
}

#define SHOWN_BYTES 60

/* What a user wrote, fit to stand in one line of a message. */
struct shown {
	char text[PRINTABLE_SIZE(SHOWN_BYTES) + sizeof("''...")];
};

static struct shown show_part(const char *written, size_t length)
{
	const char *quote = !length || memchr(written, ' ', length) ? "'" : "";
	bool cut = length > SHOWN_BYTES;
	char text[PRINTABLE_SIZE(SHOWN_BYTES)];
	struct shown shown;

	printable(text, sizeof(text), written, cut ? SHOWN_BYTES : length);
	snprintf(shown.text, sizeof(shown.text), "%s%s%s%s", quote, text, cut ? "..." : "", quote);
	return shown;
}

static struct shown show(const char *written)
{
	return show_part(written, strlen(written));
}

static bool has_letter(const struct row *row)
{
	return row->id < ID_ATTACH;
}

/* The name of an option for messages: the letter, if it has one and `long_name` isn't asked for. */
static struct shown show_option(const struct row *row, bool long_name)
{
	struct shown shown;

	if (has_letter(row) && !long_name)
		snprintf(shown.text, sizeof(shown.text), "-%c", row->id);
	else
		snprintf(shown.text, sizeof(shown.text), "--%s", row->name);
	return shown;
}

static int take_flag(void *field, const struct row *row, const char *name, const char *argument)
{
	(void)row;
	(void)name;
	(void)argument;
	*(bool *)field = true;
	return 0;
}

static int take_value(void *field, const struct row *row, const char *name, const char *argument)
{
	(void)name;
	(void)argument;
	memcpy(field, &row->value, sizeof(row->value));
	return 0;
}

static int take_word(void *field, const struct row *row, const char *name, const char *argument)
{
	for (const struct word *word = row->values; word->word; word++) {
		if (strcmp(word->word, argument) != 0)
			continue;
		memcpy(field, &word->value, sizeof(word->value));
		return 0;
	}
	return usage_error("%s %s: not one of %s", name, show(argument).text, row->argument);
}

/* Digits and nothing else: strtoul() would let blanks, signs and "-1" through. */
static bool read_number(const char *text, size_t length, const struct number_kind *kind,
			uint32_t *value)
{
	uint64_t number = 0;
	size_t i = 0;

	while (i < length && text[i] >= '0' && text[i] <= '9' && number <= kind->max)
		number = number * 10 + (uint64_t)(text[i++] - '0');
	if (!length || i < length || number < kind->min || number > kind->max)
		return false;
	*value = (uint32_t)number;
	return true;
}

static int add_number(struct number_list *list, uint32_t value)
{
	uint32_t *values;

	for (size_t i = 0; i < list->count; i++)
		if (list->values[i] == value)
			return 0;
	values = reallocarray(list->values, list->count + 1, sizeof(*values));
	if (!values) {
		warnx("out of memory");
		return -ENOMEM;
	}
	list->values = values;
	list->values[list->count++] = value;
	return 0;
}

/* "$(pgrep nginx)" is empty where there is none. */
static const char *empty_hint(const struct row *row, const char *argument)
{
	return !*argument && row->id == 'p' ? " (is there such a process?)" : "";
}

static int take_numbers(void *field, const struct row *row, const char *name, const char *argument)
{
	const struct number_kind *kind = row->values;
	const char *item = argument;
	uint32_t value;
	int err = 0;

	for (const char *end; item && !err; item = *end ? end + 1 : NULL) {
		end = strchrnul(item, ',');
		if (read_number(item, (size_t)(end - item), kind, &value))
			err = add_number(field, value);
		else if (item == argument && !*end)
			err = usage_error("%s %s: not %s%s", name, show(argument).text, kind->what,
					  empty_hint(row, argument));
		else
			err = usage_error("%s %s: %s is not %s", name, show(argument).text,
					  show_part(item, (size_t)(end - item)).text, kind->what);
	}
	return err;
}

static int take_pages(void *field, const struct row *row, const char *name, const char *argument)
{
	const struct number_kind *kind = row->values;
	uint32_t pages;

	if (!read_number(argument, strlen(argument), kind, &pages) || (pages & (pages - 1)))
		return usage_error("%s %s: not %s", name, show(argument).text, kind->what);
	*(unsigned int *)field = pages;
	return 0;
}

static int take_path(void *field, const struct row *row, const char *name, const char *argument)
{
	if (!*argument)
		return usage_error("%s '': empty, and %s is needed", name, row->argument);
	*(const char **)field = argument;
	return 0;
}

/* A column's name is a member's of a C struct. */
static bool is_column_name(const char *name, size_t length)
{
	bool good = length && length < COLUMN_NAME_SIZE && (name[0] < '0' || name[0] > '9');

	for (size_t i = 0; i < length; i++)
		good = good && (name[i] == '_' || (name[i] >= 'a' && name[i] <= 'z') ||
				(name[i] >= '0' && name[i] <= '9'));
	return good;
}

static int add_column(struct name_list *list, const char *name, size_t length)
{
	char **names;

	for (size_t i = 0; i < list->count; i++)
		if (strlen(list->names[i]) == length && memcmp(list->names[i], name, length) == 0)
			return 0;
	names = reallocarray(list->names, list->count + 1, sizeof(*names));
	if (names)
		list->names = names;
	if (!names || !(names[list->count] = strndup(name, length))) {
		warnx("out of memory");
		return -ENOMEM;
	}
	list->count++;
	return 0;
}

/* LIST, +LIST or help. */
static int take_columns(void *field, const struct row *row, const char *name, const char *argument)
{
	struct options *options =
		(struct options *)((char *)field - offsetof(struct options, columns));
	const char *item = argument;
	int err = 0;

	(void)row;
	if (strcmp(argument, "help") == 0) {
		options->action = ACTION_LIST_COLUMNS;
		return 0;
	}
	options->more_columns = *argument == '+';
	item += options->more_columns;
	for (const char *end; item && !err; item = *end ? end + 1 : NULL) {
		end = strchrnul(item, ',');
		if (is_column_name(item, (size_t)(end - item)))
			err = add_column(&options->columns, item, (size_t)(end - item));
		else
			err = usage_error("%s %s: %s is not a column's name; %s help lists them",
					  name, show(argument).text,
					  show_part(item, (size_t)(end - item)).text, name);
	}
	return err;
}

/* A release is part of paths and one line of an object, and at most what uname(2) can hold. */
static int take_release(void *field, const struct row *row, const char *name, const char *argument)
{
	const size_t length = strlen(argument);
	bool good = length && length <= 64 && *argument != '.';

	(void)row;
	for (size_t i = 0; i < length; i++)
		good = good && argument[i] > ' ' && argument[i] < 0x7f && argument[i] != '/';
	if (!good)
		return usage_error("%s %s: not a kernel's release, which uname -r prints", name,
				   show(argument).text);
	*(const char **)field = argument;
	return 0;
}

static const struct number_kind pid_kind = {"a process ID, which is a number from 1 to 4194304", 1,
					    4194304};
static const struct number_kind port_kind = {"a port, which is a number from 1 to 65535", 1, 65535};
/* 4294967295 is (uid_t)-1, which chown(2) and others take for "no user" */
static const struct number_kind uid_kind = {
	"a user ID, which is a number from 0 to 4294967294 (id -u NAME tells it)", 0, 4294967294};
static const struct number_kind pages_kind = {
	"a number of pages, which is a power of two from 1 to 65536", 1, 65536};

static const struct word types_words[] = {
	{"auto", TYPES_AUTO}, {"btf", TYPES_BTF}, {"headers", TYPES_HEADERS}, {NULL, 0}};
static const struct word attach_words[] = {
	{"auto", ATTACH_AUTO}, {"kprobe", ATTACH_KPROBE}, {"sockops", ATTACH_SOCKOPS}, {NULL, 0}};
static const struct word dns_source_words[] = {
	{"wire", DNS_SOURCE_WIRE}, {"libc", DNS_SOURCE_LIBC}, {"both", DNS_SOURCE_BOTH}, {NULL, 0}};

#define FIELD(member) .field = offsetof(struct options, member)

/* In the order of --help. */
static const struct row rows[] = {
	{'p', "pid", "PID[,PID...]", "only these processes", take_numbers, FIELD(pids),
	 .values = &pid_kind, .baked = true,
	 .heading = "Filters (they run in the kernel; an option with a list can also be repeated)"},
	{'P', "port", "PORT[,PORT...]", "only connects to these ports", take_numbers, FIELD(ports),
	 .values = &port_kind, .baked = true},
	{'u', "uid", "UID[,UID...]", "only these users, by number (id -u NAME tells it)",
	 take_numbers, FIELD(uids), .values = &uid_kind, .baked = true},
	{'4', "ipv4", NULL, "only IPv4", take_value, FIELD(family), .value = FAMILY_IPV4,
	 .baked = true},
	{'6', "ipv6", NULL, "only IPv6", take_value, FIELD(family), .value = FAMILY_IPV6,
	 .baked = true},
	{ID_CGROUP_MAP, "cgroupmap", "PATH", "only the cgroups in this pinned BPF map", take_path,
	 FIELD(cgroup_map)},
	{ID_MNTNS_MAP, "mntnsmap", "PATH", "only the mount namespaces in this pinned BPF map",
	 take_path, FIELD(mntns_map)},

	{'t', "timestamp", NULL, "TIME(s): seconds since the first connect", take_flag,
	 FIELD(timestamp), .abbreviations = {"t", "ti", "tim"}, .heading = "What is shown"},
	{'U', "print-uid", NULL, "UID: the user who connects", take_flag, FIELD(print_uid),
	 .abbreviations = {"pr"}},
	{'L', "lport", NULL, "LPORT: the local port", take_flag, FIELD(local_port)},
	{'d', "dns", NULL, "QUERY: the name that was looked up to get the address", take_flag,
	 FIELD(dns), .baked = true, .abbreviations = {"d", "dn"}},
	{ID_DNS_SOURCE, "dns-source", "wire|libc|both",
	 "names from DNS packets, getaddrinfo(), or (default) both", take_word, FIELD(dns_source),
	 .values = dns_source_words, .baked = true},
	{'r', "result", NULL, "RESULT and LAT(ms): what became of it, and how long that took",
	 take_flag, FIELD(result), .baked = true},
	{'T', "time", NULL, "TIME: the time of day", take_flag, FIELD(time)},
	{ID_COLUMNS, "columns", "[+]LIST", "these columns, or (+) more of them; help lists all",
	 take_columns, FIELD(columns)},
	{ID_JSON, "json", NULL, "one JSON object a line, for machines", take_flag, FIELD(json)},
	{'c', "count", NULL, "no rows, but at Ctrl-C how many connects went where", take_flag,
	 FIELD(count), .baked = true, .abbreviations = {"co"}},

	{ID_PROBES, "probes", "DIR", "take the probe's C files from here, say from an edited copy",
	 take_path, FIELD(probes), .baked = true, .heading = "How the probe is compiled"},
	{ID_EBPF, "ebpf", NULL, "print the text that would be compiled, and exit", take_value,
	 FIELD(action), .value = ACTION_PRINT_PROBE_TEXT},
	{ID_TYPES, "types", "auto|btf|headers",
	 "where kernel types come from; auto: BTF, else headers", take_word, FIELD(types),
	 .values = types_words, .baked = true},
	{ID_BTF, "btf", "FILE", "the kernel's BTF (default: /sys/kernel/btf/vmlinux)", take_path,
	 FIELD(btf), .baked = true},
	{ID_HEADERS, "headers", "DIR", "the kernel's headers (default: /lib/modules/RELEASE/build)",
	 take_path, FIELD(headers), .baked = true},
	{ID_CACHE, "cache", "DIR", "keep compiled objects here (default: /var/cache/tcpconnect)",
	 take_path, FIELD(cache)},
	{ID_NO_CACHE, "no-cache", NULL, "compile at every start, and keep nothing", take_flag,
	 FIELD(no_cache)},

	{ID_COMPILE_ONLY, "compile-only", NULL,
	 "write the object to -o FILE, and exit; needs no root", take_value, FIELD(action),
	 .value = ACTION_COMPILE_ONLY,
	 .heading = "Objects: compiled on one host, loaded on others that need no compiler"},
	{'o', "output", "FILE", "the object that --compile-only writes; -: to stdout", take_path,
	 FIELD(output)},
	{ID_KERNEL, "kernel", "RELEASE", "compile for this kernel (as uname -r prints it there)",
	 take_release, FIELD(kernel), .baked = true},
	{ID_OBJECT, "object", "FILE", "trace with this object, and compile nothing", take_path,
	 FIELD(object)},

	{ID_ATTACH, "attach", "auto|kprobe|sockops", "the hooks; auto: kprobes, else sockops",
	 take_word, FIELD(attach), .values = attach_words, .baked = true, .heading = "How it runs"},
	{ID_BUFFER_PAGES, "buffer-pages", "N",
	 "size of each CPU's event buffer, a power of two up to 65536", take_pages,
	 FIELD(buffer_pages), .values = &pages_kind},
	{'v', "verbose", NULL, "say on stderr what is compiled and attached", take_flag,
	 FIELD(verbose)},
	{'h', "help", NULL, "print this, and exit", take_value, FIELD(action), .value = ACTION_HELP,
	 .abbreviations = {"h", "he"}},
	{ID_VERSION, "version", NULL, "print the version, and exit", take_value, FIELD(action),
	 .value = ACTION_VERSION},
};

#define ROWS	  (sizeof(rows) / sizeof(rows[0]))
#define ROW_NAMES 4 /* its name and its abbreviations */

static_assert(ROWS <= 64, "the options that were given are bits of a uint64_t");
static_assert(sizeof(enum action) == sizeof(int), "take_value() and take_word() store an int");

/* Options that cannot stand together, and options that are nothing without another one. */
static const struct rule {
	int id;
	enum { EXCLUDES, NEEDS } verb;
	int other;
	const char *why;
} rules[] = {
	{'4', EXCLUDES, '6', "without either, both families are traced"},
	{'c', EXCLUDES, 'd', "counts are kept by address and have no names"},
	{'c', EXCLUDES, ID_COLUMNS, "counts have columns of their own"},
	{ID_JSON, EXCLUDES, 't', "JSON has the time in each object"},
	{ID_JSON, EXCLUDES, 'T', "JSON has the time in each object"},
	{ID_JSON, EXCLUDES, ID_EBPF, "one is for rows, the other prints the program's text"},
	{ID_JSON, EXCLUDES, ID_COMPILE_ONLY, "an object is for both forms of output"},
	{ID_COMPILE_ONLY, EXCLUDES, ID_OBJECT, "one makes an object, the other loads it"},
	{ID_COMPILE_ONLY, EXCLUDES, ID_EBPF, "one writes the object, the other prints its text"},
	{ID_EBPF, EXCLUDES, ID_OBJECT, "one is compiled already, the other is text to compile"},
	{ID_CACHE, EXCLUDES, ID_NO_CACHE, "one keeps objects, the other keeps none"},
	{ID_CACHE, EXCLUDES, ID_OBJECT, "the cache is for objects that are compiled at the start"},
	{ID_COMPILE_ONLY, NEEDS, 'o', "the file to write the object to"},
	{'o', NEEDS, ID_COMPILE_ONLY, "whose object it names; rows go to stdout"},
	{ID_KERNEL, NEEDS, ID_COMPILE_ONLY, "since only the running kernel can be traced"},
	{ID_DNS_SOURCE, NEEDS, 'd', "which shows the names"},
};

static const struct row *find_row(int id)
{
	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].id == id)
			return &rows[i];
	return NULL;
}

/* Why getopt_long() does not know a long option: no name begins like this, or several do. */
static int unknown_long_option(const char *written)
{
	size_t length = strcspn(written, "="), used = 0;
	char names[ROWS * 20] = ""; /* names are shorter than that */

	for (size_t i = 0; i < ROWS; i++)
		if (length > 2 && strncmp(rows[i].name, written + 2, length - 2) == 0)
			used += (size_t)snprintf(names + used, sizeof(names) - used, "%s--%s",
						 used ? ", " : "", rows[i].name);
	if (used)
		return usage_error("%s: can mean %s; write more of it",
				   show_part(written, length).text, names);
	return usage_error("%s: no such option; tcpconnect --help lists them",
			   show_part(written, length).text);
}

/* After getopt_long() returned '?' or ':'. */
static int bad_option(int result, const char *written)
{
	const struct row *row = find_row(optopt);
	bool long_name = strncmp(written, "--", 2) == 0;
	char letter[] = {'-', (char)optopt, '\0'};

	if (result == ':')
		return usage_error("%s: its argument is missing: %s %s",
				   show_option(row, long_name).text,
				   show_option(row, long_name).text, row->argument);
	if (!optopt)
		return unknown_long_option(written);
	if (row)
		return usage_error("%s: takes no argument", show_option(row, true).text);
	return usage_error("%s: no such option; tcpconnect --help lists them", show(letter).text);
}

static uint64_t bit_of(int id)
{
	return 1ULL << (find_row(id) - rows);
}

static bool is_given(uint64_t given, int id)
{
	return given & bit_of(id);
}

static int check_object(uint64_t given)
{
	if (!is_given(given, ID_OBJECT))
		return 0;
	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].baked && is_given(given, rows[i].id))
			return usage_error("%s is baked into the object; give it with "
					   "--compile-only when the object is made",
					   show_option(&rows[i], false).text);
	return 0;
}

static int check_rules(uint64_t given)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		const struct rule *rule = &rules[i];
		bool other = is_given(given, rule->other);

		if (!is_given(given, rule->id) || other == (rule->verb == NEEDS))
			continue;
		return usage_error(rule->verb == NEEDS ? "%s needs %s, %s"
						       : "%s and %s exclude each other: %s",
				   show_option(find_row(rule->id), false).text,
				   show_option(find_row(rule->other), false).text, rule->why);
	}
	return 0;
}

static int check_types(const struct options *options)
{
	if (options->types == TYPES_BTF && options->headers)
		return usage_error("--headers is not used with --types btf");
	if (options->types == TYPES_HEADERS && options->btf)
		return usage_error("--btf is not used with --types headers");
	return 0;
}

/* -t, -U and -L are columns among the usual ones. */
static int check_columns(const struct options *options)
{
	if (!options->columns.count || options->more_columns ||
	    !(options->timestamp || options->print_uid || options->local_port || options->time))
		return 0;
	return usage_error("--columns LIST stands in place of the usual columns, which -t, -T, -U "
			   "and -L add to: name reltime, time, uid or lport in LIST, or write "
			   "--columns +LIST");
}

/* A column that is named brings what it needs. */
static void imply(struct options *options)
{
	for (size_t i = 0; i < options->columns.count; i++) {
		const char *name = options->columns.names[i];

		options->dns = options->dns || strcmp(name, "query") == 0;
		options->result = options->result || strcmp(name, "result") == 0 ||
				  strcmp(name, "errno") == 0 || strcmp(name, "latency_ms") == 0;
		options->asked = options->asked || strcmp(name, "asked") == 0;
	}
	options->asked = options->asked || options->dns;
}

static int check_output(const struct options *options)
{
	if (options->output && strcmp(options->output, "-") == 0 && isatty(STDOUT_FILENO))
		return usage_error("-o -: an object is not for a terminal; write it to a file or a "
				   "pipe");
	return 0;
}

/* `implied` has what other options bring along too. */
static int check(const struct options *options, uint64_t given, uint64_t implied)
{
	int err = check_object(given);

	if (!err)
		err = check_rules(implied);
	if (!err)
		err = check_types(options);
	if (!err)
		err = check_output(options);
	return err ? err : check_columns(options);
}

static void add_name(struct option *option, const struct row *row, const char *name)
{
	*option = (struct option){
		.name = name,
		.has_arg = row->argument ? required_argument : no_argument,
		.val = row->id,
	};
}

/* The table as getopt_long() wants it. */
static void make_getopt_tables(char *letters, struct option *names)
{
	*letters++ = ':'; /* tell a missing argument from an unknown option, and print nothing */
	for (size_t i = 0; i < ROWS; i++) {
		const struct row *row = &rows[i];

		if (has_letter(row)) {
			*letters++ = (char)row->id;
			if (row->argument)
				*letters++ = ':';
		}
		add_name(names++, row, row->name);
		for (size_t k = 0; k < ROW_NAMES - 1 && row->abbreviations[k]; k++)
			add_name(names++, row, row->abbreviations[k]);
	}
	*letters = '\0';
	*names = (struct option){0};
}

int options__parse(int argc, char **argv, struct options *options)
{
	char letters[2 * ROWS + 2];
	struct option names[ROWS * ROW_NAMES + 1];
	uint64_t given = 0;

	*options = (struct options){0};
	make_getopt_tables(letters, names);
	optind = 0; /* glibc's way to start anew, also after an earlier call */
	opterr = 0;
	for (;;) {
		int index = -1, id = getopt_long(argc, argv, letters, names, &index), err;
		const struct row *row = find_row(id);

		if (id == -1)
			break;
		if (!row)
			return bad_option(id, argv[optind - 1]);
		err = row->take((char *)options + row->field, row,
				show_option(row, index >= 0).text, optarg);
		if (err || options->action == ACTION_HELP || options->action == ACTION_VERSION)
			return err;
		given |= 1ULL << (row - rows);
	}
	if (optind < argc)
		return usage_error("%s: a stray argument; values belong to options: -P 80,443",
				   show(argv[optind]).text);
	imply(options);
	return check(options, given, given | (options->dns ? bit_of('d') : 0));
}

void options__free(struct options *options)
{
	free(options->pids.values);
	free(options->ports.values);
	free(options->uids.values);
	for (size_t i = 0; i < options->columns.count; i++)
		free(options->columns.names[i]);
	free(options->columns.names);
	*options = (struct options){0};
}

static const char help_head[] =
	"Usage: tcpconnect [OPTION...]\n"
	"\n"
	"Show outgoing TCP connections as processes on this host open them.\n";

static const char help_tail[] =
	"\n"
	"Examples:\n"
	"  tcpconnect -P 80,443 -d              # web connections, with the names that were asked "
	"for\n"
	"  tcpconnect                           # every connection that is opened\n"
	"  tcpconnect -T -r                     # with the time of day and what became of them\n"
	"  tcpconnect --columns +user,exe       # with more about who made them\n"
	"  tcpconnect --json -r -d              # one JSON object each, for a log\n"
	"  tcpconnect -p \"$(pgrep -d, nginx)\"   # what all processes of nginx connect to\n"
	"  tcpconnect -u \"$(id -u alice)\" -6    # what alice reaches over IPv6\n"
	"  tcpconnect -c                        # which connections are opened most often\n"
	"  tcpconnect --cgroupmap /sys/fs/bpf/m # only the cgroups that this map holds just now\n"
	"  tcpconnect --ebpf -P 22              # the program that -P 22 puts into the kernel\n"
	"  tcpconnect --compile-only -o ssh.o -P 22\n"
	"  tcpconnect --object ssh.o            # the same with no compiler, here or on another "
	"host\n"
	"\n"
	"Exit status:\n"
	"  0  ended by Ctrl-C, SIGTERM or SIGHUP, by a reader that went away, or the work is done\n"
	"  1  something failed, and a message on stderr says what\n"
	"  2  the options are wrong\n"
	"\n"
	"More: man tcpconnect\n";

#define HELP_COLUMN 36

static void print_row(const struct row *row)
{
	char letter[] = "   ";
	int width;

	if (row->heading)
		printf("\n%s:\n", row->heading);
	if (has_letter(row))
		snprintf(letter, sizeof(letter), "-%c", row->id);
	width = printf("  %s%s --%s%s%s", letter, has_letter(row) ? "," : "", row->name,
		       row->argument ? " " : "", row->argument ? row->argument : "");
	printf("%*s%s\n", HELP_COLUMN - width, "", row->help);
}

void options__print_help(void)
{
	fputs(help_head, stdout);
	for (size_t i = 0; i < ROWS; i++)
		print_row(&rows[i]);
	fputs(help_tail, stdout);
}
