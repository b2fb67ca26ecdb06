// SPDX-License-Identifier: Apache-2.0
#include "loader.h"

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

/* For each program; a log that is longer is cut, and its end is what tells. */
#define LOG_SIZE ((size_t)256 * 1024)

/* The lines of a log that are shown without -v. */
#define LOG_LINES 6

void missing_groups__add(struct missing_groups *missing, const struct hook_kind *kind, int err,
			 const struct hook_links *links)
{
	const char *cure = hook__cure(kind, err, links);

	if (!missing->is_missing[kind->group])
		warnx("warning: %s, since %s cannot be hooked: %s%s%s",
		      hook__group_loss(kind->group), hook__group_name(kind->group), strerror(-err),
		      cure ? "; " : "", cure ? cure : "");
	missing->is_missing[kind->group] = true;
}

/* The verifier's reason stands in the last lines of its log, before its statistics. */
static void print_log(const char *log, bool verbose)
{
	const char *end = strstr(log, "\nprocessed ");
	const char *begin;

	if (!end)
		end = log + strlen(log);
	begin = end;
	if (verbose)
		begin = log;
	for (int lines = 0; begin > log && lines < LOG_LINES; lines++)
		for (begin--; begin > log && begin[-1] != '\n'; begin--)
			;
	if (end > begin)
		fprintf(stderr, "%.*s\n", (int)(end - begin), begin);
}

static void report_refused(const struct bpf_program *program, int err, const char *log,
			   bool verbose)
{
	const char *reason = hook__kind(program)->way->refused(log);

	if (!reason || verbose)
		print_log(log, verbose);
	warnx("the kernel refused %s: %s%s", bpf_program__name(program),
	      reason ? reason : strerror(-err),
	      reason ? "" : "; the lines above are its verifier's");
}

/* The kernel has looked at no program: a function that is not there, a map, or bpf() itself. */
static void report_unlooked(const struct bpf_object *object, int err)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, object) {
		enum bpf_attach_type type = bpf_program__expected_attach_type(program);
		const char *section = bpf_program__section_name(program);
		const char *function = strchr(section, '/');

		if ((type != BPF_TRACE_FENTRY && type != BPF_TRACE_FEXIT) || !function)
			continue;
		if (libbpf_find_vmlinux_btf_id(function + 1, type) > 0)
			warnx("%s: %s: %s", bpf_program__name(program), strerror(-err),
			      hook__kind(program)->way->missing());
		else
			warnx("%s: the kernel's BTF (/sys/kernel/btf/vmlinux) has no function '%s'",
			      bpf_program__name(program), function + 1);
		return;
	}
	if (err == -EPERM)
		warnx("the kernel does not let this process load its maps and programs: Operation "
		      "not permitted. It needs root, or CAP_BPF and CAP_PERFMON, and a kernel and "
		      "container that allow bpf()");
	else
		warnx("the kernel refused the maps or programs: %s; -v tells what libbpf says",
		      strerror(-err));
}

/* A log for each program: libbpf fills that of the one that the kernel refuses. */
static void set_logs(struct bpf_object *object, char *logs)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, object) {
		logs[0] = '\0';
		bpf_program__set_log_buf(program, logs, LOG_SIZE);
		logs += LOG_SIZE;
	}
}

static bool is_left_out(const struct bpf_program *program, const struct missing_groups *missing)
{
	const struct hook_kind *kind = hook__kind(program);

	return kind->role == HOOK_OPTIONAL && missing->is_missing[kind->group];
}

/*
 * The program that the kernel refused, with its log: the only one that has one. A kernel that does
 * not know a program's type at all writes none; that type is asked for.
 */
static const struct bpf_program *find_refused(const struct bpf_object *object, const char **log)
{
	struct bpf_program *program;
	size_t size;

	bpf_object__for_each_program(program, object) {
		*log = bpf_program__log_buf(program, &size);
		if (bpf_program__autoload(program) && (*log)[0])
			return program;
	}
	bpf_object__for_each_program(program, object)
		if (bpf_program__autoload(program) && hook__kind(program)->role == HOOK_OPTIONAL &&
		    libbpf_probe_bpf_prog_type(bpf_program__type(program), NULL) == 0)
			return program;
	return NULL;
}

static size_t count_programs(const struct bpf_object *object)
{
	struct bpf_program *program;
	size_t count = 0;

	bpf_object__for_each_program(program, object)
		count++;
	return count;
}

/* libbpf loads an opened object only once: each attempt opens it anew. */
static int open_object(const struct loader_request *request, const struct missing_groups *missing,
		       struct bpf_object **object)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = "tcpconnect");
	struct bpf_program *program;
	int err;

	*object = bpf_object__open_mem(request->bytes, request->size, &opts);
	if (!*object) {
		err = -errno;
		warnx("libbpf cannot read the object: %s", strerror(-err));
		return err;
	}
	err = request->prepare(*object, request->context);
	if (err)
		return err;
	bpf_object__for_each_program(program, *object)
		if (is_left_out(program, missing))
			bpf_program__set_autoload(program, false);
	return 0;
}

/* No error: another attempt can do without a group. */
#define TRY_WITHOUT 1

/* One attempt: 0, TRY_WITHOUT, or an error that was told. */
static int attempt(const struct loader_request *request, struct missing_groups *missing,
		   struct bpf_object **object)
{
	const struct bpf_program *refused;
	const char *log = "";
	char *logs;
	int err = open_object(request, missing, object);

	if (err)
		return err;
	/* only the pages of a log that is written take memory */
	logs = calloc(count_programs(*object) + 1, LOG_SIZE);
	if (!logs) {
		warnx("out of memory");
		return -ENOMEM;
	}
	set_logs(*object, logs);
	err = bpf_object__load(*object);
	refused = err ? find_refused(*object, &log) : NULL;
	if (refused && hook__kind(refused)->role == HOOK_OPTIONAL) {
		missing_groups__add(missing, hook__kind(refused), err, NULL);
		err = TRY_WITHOUT;
	} else if (refused) {
		report_refused(refused, err, log, request->verbose);
	} else if (err) {
		report_unlooked(*object, err);
	}
	free(logs);
	return err;
}

static int print_warning(enum libbpf_print_level level, const char *format, va_list arguments)
{
	return level == LIBBPF_WARN ? vfprintf(stderr, format, arguments) : 0;
}

int loader__load(const struct loader_request *request, struct missing_groups *missing,
		 struct bpf_object **object)
{
	int err;

	libbpf_set_print(request->verbose ? print_warning : NULL);
	do {
		err = attempt(request, missing, object);
		if (err) {
			bpf_object__close(*object);
			*object = NULL;
		}
	} while (err == TRY_WITHOUT);
	return err;
}
