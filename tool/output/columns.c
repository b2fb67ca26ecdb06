// SPDX-License-Identifier: Apache-2.0
#include "columns.h"

#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Columns that have a name, a header or a meaning of their own. The rest is members of the event. */
static const struct known {
	const char *name;
	const char *header;
	size_t width;		       /* 0: as wide as its kind */
	const char *member;	       /* NULL: computed of the whole record */
	const struct value_kind *kind; /* NULL: by the member's type */
	const char *help;
} known_columns[] = {
	{"time", "TIME", 12, NULL, &value_time, "the time of day"},
	{"reltime", "TIME(s)", 9, NULL, &value_reltime, "seconds since the first connect"},
	{"pid", "PID", 7, "pid", NULL, "the process (thread group)"},
	{"tid", "TID", 7, "tid", NULL, "the thread"},
	{"ppid", "PPID", 7, "ppid", NULL, "the process's parent"},
	{"uid", "UID", 6, "uid", NULL, "the user's number"},
	{"user", "USER", 0, "uid", &value_user, "the user's name"},
	{"comm", "COMM", 15, "comm", NULL, "the thread's name"},
	{"process", "PROCESS", 15, "process", NULL, "the main thread's name"},
	{"exe", "EXE", 0, "exe", NULL, "the program's file: 512 bytes, 63 of each name"},
	{"args", "ARGS", 0, "args", NULL, "the command line's first 255 bytes"},
	{"ip", "IP", 2, NULL, &value_family, "4 or 6"},
	{"saddr", "SADDR", 0, "saddr", &value_address, "the local address"},
	{"lport", "LPORT", 6, "lport", NULL, "the local port"},
	{"daddr", "DADDR", 0, "daddr", &value_address, "the address connected to"},
	{"asked", "ASKED", 0, "asked", &value_asked,
	 "the address before a cgroup program rewrote it"},
	{"dport", "DPORT", 6, "dport", NULL, "the port connected to"},
	{"host", "HOST", 16, "host", NULL, "the UTS namespace's name: a pod's, say"},
	{"cgroup", "CGROUP", 0, "cgroup", NULL, "the cgroup's path"},
	{"container", "CONTAINER", 0, "cgroup", &value_container, "the id that this path has"},
	{"netns", "NETNS", 0, "netns", NULL, "the network namespace's number"},
	{"mntns", "MNTNS", 0, "mntns", NULL, "the mount namespace's number"},
	{"result", "RESULT", 0, "result", NULL, "ok, an errno's name, closed, or pending"},
	{"errno", "ERRNO", 0, "result", &value_errno, "the result's number"},
	{"latency_ms", "LAT(ms)", 0, "latency_ns", NULL, "from the connect to its result"},
	{"query", "QUERY", 0, NULL, &value_query, "the name that was looked up (-d)"},
};

#define KNOWN (sizeof(known_columns) / sizeof(known_columns[0]))

/* Processes and threads: the host's number, and the member with that in the tool's PID namespace. */
static const struct numbering {
	const char *member, *here;
} numberings[] = {{"pid", "ns_pid"}, {"tid", "ns_tid"}, {"ppid", "ns_ppid"}};

#define NUMBERINGS (sizeof(numberings) / sizeof(numberings[0]))

static const struct event_member *find_here(const struct event_layout *layout, const char *member)
{
	for (size_t i = 0; member && i < NUMBERINGS; i++)
		if (strcmp(numberings[i].member, member) == 0)
			return event_layout__find(layout, numberings[i].here);
	return NULL;
}

static const struct known *find_known(const char *name)
{
	for (size_t i = 0; i < KNOWN; i++)
		if (strcmp(known_columns[i].name, name) == 0)
			return &known_columns[i];
	return NULL;
}

static bool is_shown_by_known(const char *member)
{
	for (size_t i = 0; i < KNOWN; i++)
		if (known_columns[i].member && strcmp(known_columns[i].member, member) == 0)
			return true;
	for (size_t i = 0; i < NUMBERINGS; i++)
		if (strcmp(numberings[i].here, member) == 0)
			return true;
	return false;
}

/* Nothing but the tool itself reads these. */
static bool is_internal(const struct event_member *member)
{
	return strcmp(member->type, "names_netns") == 0 ||
	       strcmp(member->type, "names_parents") == 0;
}

/* What an edited probe added. */
static bool is_edited(const struct event_member *member)
{
	return !member->is_fixed && !is_internal(member) && !is_shown_by_known(member->name);
}

/* A member whose type is a duration is called by the unit that it is shown in. */
static void name_of(const struct event_member *member, char name[64])
{
	size_t length = strlen(member->name);

	snprintf(name, 64, "%s", member->name);
	if (strcmp(member->type, "duration_ns") == 0 && length > 3 && length < 64 &&
	    strcmp(name + length - 3, "_ns") == 0)
		memcpy(name + length - 3, "_ms", 3);
}

static const struct event_member *find_member(const struct event_layout *layout, const char *wanted)
{
	for (size_t i = 0; i < layout->count; i++) {
		char name[64];

		name_of(&layout->members[i], name);
		if (strcmp(name, wanted) == 0 && is_edited(&layout->members[i]))
			return &layout->members[i];
	}
	return NULL;
}

static struct column *append(struct columns *columns)
{
	struct column *list =
		reallocarray(columns->list, columns->count + 1, sizeof(*columns->list));

	if (!list) {
		warnx("out of memory");
		return NULL;
	}
	columns->list = list;
	list[columns->count] = (struct column){.gap = 1};
	return &list[columns->count++];
}

static bool has(const struct columns *columns, const char *name)
{
	for (size_t i = 0; i < columns->count; i++)
		if (strcmp(columns->list[i].name, name) == 0)
			return true;
	return false;
}

static void set_header(struct column *column, const char *header)
{
	size_t i = 0;

	for (; header[i] && i < sizeof(column->header) - 1; i++)
		column->header[i] = (char)toupper((unsigned char)header[i]);
	column->header[i] = '\0';
	if (column->width < i)
		column->width = i;
}

static int add_known(struct columns *columns, const struct known *known,
		     const struct columns_source *source)
{
	const struct event_member *member =
		known->member ? event_layout__find(source->layout, known->member) : NULL;
	struct column *column;

	if (known->member && !member)
		return -ENOENT;
	column = append(columns);
	if (!column)
		return -ENOMEM;
	column->member = member;
	if (source->in_pid_namespace)
		column->here = find_here(source->layout, known->member);
	column->kind = column->here  ? &value_process
		       : known->kind ? known->kind
				     : value_kind__of(member);
	column->width = known->width ? known->width : column->kind->width;
	snprintf(column->name, sizeof(column->name), "%s", known->name);
	snprintf(column->header, sizeof(column->header), "%s", known->header);
	if (column->width < strlen(known->header))
		column->width = strlen(known->header);
	return 0;
}

static int add_member(struct columns *columns, const struct event_member *member)
{
	struct column *column = append(columns);

	if (!column)
		return -ENOMEM;
	column->member = member;
	column->kind = value_kind__of(member);
	column->width = column->kind->width;
	name_of(member, column->name);
	set_header(column, column->name);
	return 0;
}

static void report_unknown(const char *name, const struct event_layout *layout)
{
	char all[1024] = "";
	size_t used = 0;

	for (size_t i = 0; i < KNOWN; i++)
		used += (size_t)snprintf(all + used, sizeof(all) - used, "%s%s", i ? ", " : "",
					 known_columns[i].name);
	for (size_t i = 0; i < layout->count && used < sizeof(all); i++) {
		char edited[64];

		if (!is_edited(&layout->members[i]))
			continue;
		name_of(&layout->members[i], edited);
		used += (size_t)snprintf(all + used, sizeof(all) - used, ", %s", edited);
	}
	warnx("--columns: there is no column '%s'; there are: %s", name, all);
}

/* A column by its name: known, or a member that an edited probe has. */
static int add_named(struct columns *columns, const char *name, const struct columns_source *source)
{
	const struct known *known = find_known(name);
	const struct event_member *member = known ? NULL : find_member(source->layout, name);
	int err = -ENOENT;

	if (known && known->kind == &value_query && !source->queries)
		err = -ENOENT;
	else if (known)
		err = add_known(columns, known, source);
	else if (member)
		err = add_member(columns, member);
	if (err == -ENOENT && known)
		warnx("--columns: the probes do not send what column '%s' needs", name);
	else if (err == -ENOENT)
		report_unknown(name, source->layout);
	return err == -ENOENT ? -EINVAL : err;
}

static int add_listed(struct columns *columns, const struct options *options,
		      const struct columns_source *source)
{
	int err = 0;

	for (size_t i = 0; i < options->columns.count && !err; i++)
		if (!has(columns, options->columns.names[i]))
			err = add_named(columns, options->columns.names[i], source);
	return err;
}

static int add_edited(struct columns *columns, const struct event_layout *layout)
{
	int err = 0;

	for (size_t i = 0; i < layout->count && !err; i++) {
		char name[64];

		if (!is_edited(&layout->members[i]))
			continue;
		name_of(&layout->members[i], name);
		if (find_known(name)) {
			warnx("the probe's struct event has a member '%s', which is the name of "
			      "another column: call it otherwise",
			      name);
			return -EINVAL;
		}
		err = add_member(columns, &layout->members[i]);
	}
	return err;
}

/* The columns of tcpconnect-bpfcc, byte for byte: the widths are a contract. */
static const struct usual {
	const char *name;
	size_t width, longest, gap;
	size_t flag; /* the member of struct options that asks for it, by offset; 0: always there */
} usual_columns[] = {
	{"time", 12, 0, 1, offsetof(struct options, time)},
	{"reltime", 9, 0, 0, offsetof(struct options, timestamp)},
	{"uid", 6, 0, 0, offsetof(struct options, print_uid)},
	{"pid", 7, 0, 1, 0},
	{"comm", 12, 12, 1, 0},
	{"ip", 2, 0, 1, 0},
	{"saddr", 16, 0, 1, 0},
	{"lport", 6, 0, 1, offsetof(struct options, local_port)},
	{"daddr", 16, 0, 1, 0},
	{"dport", 6, 0, 1, 0},
};

static bool is_wanted(const struct usual *usual, const struct options *options)
{
	return !usual->flag || *(const bool *)((const char *)options + usual->flag);
}

static int add_usual(struct columns *columns, const struct options *options,
		     const struct columns_source *source)
{
	int err = 0;

	for (size_t i = 0; i < sizeof(usual_columns) / sizeof(usual_columns[0]) && !err; i++) {
		const struct usual *usual = &usual_columns[i];

		if (!is_wanted(usual, options))
			continue;
		err = add_named(columns, usual->name, source);
		if (err)
			break;
		columns->list[columns->count - 1].width = usual->width;
		columns->list[columns->count - 1].longest = usual->longest;
		columns->list[columns->count - 1].gap = usual->gap;
	}
	return err;
}

static int add_results(struct columns *columns, const struct columns_source *source)
{
	int err = 0;

	if (!event_layout__find(source->layout, "result"))
		return 0;
	err = add_named(columns, "result", source);
	return err ? err : add_named(columns, "latency_ms", source);
}

static int add_query(struct columns *columns, const struct columns_source *source)
{
	return source->queries ? add_named(columns, "query", source) : 0;
}

/* An address column is as wide as the addresses that it can have. */
static void fit_addresses(struct columns *columns, const struct options *options)
{
	for (size_t i = 0; options->family == FAMILY_IPV4 && i < columns->count; i++)
		if (columns->list[i].kind == &value_address ||
		    columns->list[i].kind == &value_asked)
			columns->list[i].width = 15;
}

static bool is_query_listed(const struct options *options)
{
	for (size_t i = 0; i < options->columns.count; i++)
		if (strcmp(options->columns.names[i], "query") == 0)
			return true;
	return false;
}

int columns__for_table(const struct options *options, const struct columns_source *source,
		       struct columns *columns)
{
	int err;

	*columns = (struct columns){0};
	if (options->columns.count && !options->more_columns) {
		err = add_listed(columns, options, source);
		fit_addresses(columns, options);
		/* -d without a place in the list stands at the end, as always */
		return err || is_query_listed(options) ? err : add_query(columns, source);
	}
	err = add_usual(columns, options, source);
	if (!err)
		err = add_results(columns, source);
	if (!err)
		err = add_edited(columns, source->layout);
	if (!err)
		err = add_listed(columns, options, source);
	return err || is_query_listed(options) ? err : add_query(columns, source);
}

int columns__for_json(const struct options *options, const struct columns_source *source,
		      struct columns *columns)
{
	static const char *const always[] = {"time", "pid",   "tid",   "uid",	"comm",
					     "ip",   "saddr", "lport", "daddr", "dport"};
	static const char *const results[] = {"result", "errno", "latency_ms"};
	const size_t result_count = sizeof(results) / sizeof(results[0]);
	int err = 0;

	*columns = (struct columns){0};
	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]) && !err; i++)
		err = add_named(columns, always[i], source);
	if (!err)
		err = add_query(columns, source);
	for (size_t i = 0; event_layout__find(source->layout, "result") && i < result_count && !err;
	     i++)
		err = add_named(columns, results[i], source);
	if (!err)
		err = add_edited(columns, source->layout);
	return err ? err : add_listed(columns, options, source);
}

void columns__print_known(const struct event_layout *layout)
{
	for (size_t i = 0; i < KNOWN; i++)
		printf("%-12s %s\n", known_columns[i].name, known_columns[i].help);
	for (size_t i = 0; i < layout->count; i++) {
		char name[64];

		if (!is_edited(&layout->members[i]))
			continue;
		name_of(&layout->members[i], name);
		printf("%-12s a member of the probe's struct event, %s\n", name,
		       layout->members[i].type);
	}
}

void columns__free(struct columns *columns)
{
	free(columns->list);
	*columns = (struct columns){0};
}

struct value column__value(const struct column *column, const struct record *record)
{
	return (struct value){
		.record = record,
		.member = column->member,
		.here = column->here,
		.bytes = column->member ? (const char *)record->event + column->member->offset
					: NULL,
	};
}
