/* SPDX-License-Identifier: Apache-2.0 */
/* What the user asked for: argv turned into numbers and flags, checked once, here. */
#ifndef TCPCONNECT_OPTIONS_H
#define TCPCONNECT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Numbers that a filter lets through, each once, in the order in which the user gave them. */
struct number_list {
	uint32_t *values;
	size_t count;
};

/** Bytes of a column's name at most, with its terminator. */
#define COLUMN_NAME_SIZE 32

/** Names, each once, in the order in which the user gave them. */
struct name_list {
	char **names;
	size_t count;
};

/** Which address families are traced: -4 and -6 exclude each other. */
enum family_choice {
	FAMILY_BOTH,
	FAMILY_IPV4,
	FAMILY_IPV6,
};

/** What ends the work: rows on stdout is the main job, the others print or write one thing. */
enum action {
	ACTION_TRACE,
	ACTION_HELP,
	ACTION_VERSION,
	ACTION_PRINT_PROBE_TEXT, /* --ebpf */
	ACTION_COMPILE_ONLY,	 /* --compile-only -o FILE */
	ACTION_LIST_COLUMNS,	 /* --columns help */
};

/** Where the compiler takes the kernel's types from: --types. */
enum types_choice {
	TYPES_AUTO,
	TYPES_BTF,
	TYPES_HEADERS,
};

/** How connects are hooked: --attach. */
enum attach_choice {
	ATTACH_AUTO,
	ATTACH_KPROBE,
	ATTACH_SOCKOPS,
};

/** Where names are learned from: --dns-source. */
enum dns_source {
	DNS_SOURCE_BOTH,
	DNS_SOURCE_WIRE,
	DNS_SOURCE_LIBC,
};

struct options {
	enum action action;

	/* filters, which run in the kernel */
	struct number_list pids;  /* -p: thread group ids, 1 to 4194304 */
	struct number_list ports; /* -P: destination ports, 1 to 65535, host order */
	struct number_list uids;  /* -u: 0 to 4294967294 */
	enum family_choice family;
	const char *cgroup_map; /* --cgroupmap: path of a pinned map, or NULL */
	const char *mntns_map;	/* --mntnsmap: likewise */

	/* what is shown */
	bool timestamp;		  /* -t */
	bool print_uid;		  /* -U */
	bool local_port;	  /* -L */
	bool count;		  /* -c */
	bool dns;		  /* -d */
	bool result;		  /* -r */
	bool time;		  /* -T */
	bool json;		  /* --json */
	bool more_columns;	  /* --columns +LIST: behind the usual ones */
	struct name_list columns; /* --columns */
	bool asked;		  /* -d, or the column asked: what is given to connect(2) */
	enum dns_source dns_source;

	/* how it is made and run */
	bool verbose;	     /* -v */
	const char *probes;  /* --probes DIR, or NULL: the installed ones */
	const char *cache;   /* --cache DIR, or NULL: the default */
	bool no_cache;	     /* --no-cache */
	const char *output;  /* -o FILE, with --compile-only */
	const char *object;  /* --object FILE, or NULL */
	const char *kernel;  /* --kernel RELEASE, or NULL: the running one */
	const char *headers; /* --headers DIR, or NULL */
	const char *btf;     /* --btf FILE, or NULL */
	enum types_choice types;
	enum attach_choice attach;
	bool no_kernel_reads;	   /* lockdown=confidentiality: found out, and no option */
	unsigned int buffer_pages; /* --buffer-pages N: per CPU, a power of two; 0: the default */
};

/**
 * @brief Turn argv into options.
 * @param argc, argv as main() got them; the strings must outlive *options*, which points into them,
 * and argv is reordered as getopt_long(3) does
 * @param options filled in; give it to options__free() whatever is returned
 * @return 0, or -EINVAL after one line on stderr that says what is wrong and the usage line, or
 * -ENOMEM
 *
 * What comes out is consistent: options that exclude each other, or that are nothing without
 * another one, were refused. -h and --version end the parsing where they stand.
 */
int options__parse(int argc, char **argv, struct options *options);

/** @brief Free what options__parse() allocated. */
void options__free(struct options *options);

/** @brief Print the text of --help on stdout. */
void options__print_help(void);

#endif
