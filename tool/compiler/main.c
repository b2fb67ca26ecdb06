// SPDX-License-Identifier: Apache-2.0
/*
 * tcpconnect-compile: BPF C on stdin, a BPF ELF object on stdout. It needs no privilege, gives up
 * what it has before it looks at the text, and LLVM's memory goes with it.
 */
#include <dlfcn.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <bcc/bcc_common.h>
#include <bpf/libbpf.h>

#include "bcc_module.h"
#include "diagnostics.h"
#include "distribution.h"
#include "file.h"
#include "object/kernel_identity.h"
#include "object/maker.h"
#include "compiler/kernel_types/kernel_files.h"
#include "compiler/kernel_types/kernel_types.h"
#include "object/object.h"
#include "object_writer.h"
#include "sandbox.h"

#define TEXT_MAX   (16 * 1024 * 1024)
#define EXIT_USAGE 2

/* While libbcc runs: where stderr went. LLVM ends the process for what it takes to be fatal. */
struct last_words {
	bool compiling;
	int messages, stderr_kept;
};

struct request {
	const char *types; /* "auto", "btf" or "headers" */
	const char *release;
	const char *headers;
	const char *btf;
	bool verbose;
	bool warnings; /* about the probes, also when they compile */
	struct last_words *words;
};

static const char usage[] =
	"usage: tcpconnect-compile [--types auto|btf|headers] [--kernel RELEASE] [--headers DIR]\n"
	"                          [--btf FILE] [--verbose] [--warnings] < TEXT > OBJECT\n";

/*
 * libbcc puts the working directory first among clang's include paths, so this is not to be the
 * user's.
 */
static int leave_working_directory(struct request *request, char headers[PATH_MAX],
				   char btf[PATH_MAX])
{
	if (request->headers && realpath(request->headers, headers))
		request->headers = headers;
	if (request->btf && realpath(request->btf, btf))
		request->btf = btf;
	return chdir("/") == 0 ? 0 : -errno;
}

static int parse(int argc, char **argv, struct request *request)
{
	static const struct option options[] = {
		{"types", required_argument, NULL, 't'},
		{"kernel", required_argument, NULL, 'k'},
		{"headers", required_argument, NULL, 'h'},
		{"btf", required_argument, NULL, 'b'},
		{"verbose", no_argument, NULL, 'v'},
		{"warnings", no_argument, NULL, 'w'},
		{0},
	};
	int option;

	*request = (struct request){.types = "auto"};
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 't':
			request->types = optarg;
			break;
		case 'k':
			request->release = optarg;
			break;
		case 'h':
			request->headers = optarg;
			break;
		case 'b':
			request->btf = optarg;
			break;
		case 'v':
			request->verbose = true;
			break;
		case 'w':
			request->warnings = true;
			break;
		default:
			return -EINVAL;
		}
	}
	/* whoever names only one of them wants that one */
	if (strcmp(request->types, "auto") == 0 && request->headers && !request->btf)
		request->types = "headers";
	if (strcmp(request->types, "auto") == 0 && request->btf && !request->headers)
		request->types = "btf";
	return optind == argc ? 0 : -EINVAL;
}

static bool allowed(const struct request *request, const char *choice)
{
	return strcmp(request->types, "auto") == 0 || strcmp(request->types, choice) == 0;
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

/* Called at the end of the process: what LLVM said of an end of its own making. */
static void print_last_words(int status, void *argument)
{
	const struct last_words *words = argument;
	char *said = NULL;
	size_t size;

	(void)status;
	if (!words->compiling)
		return;
	fflush(stderr);
	dup2(words->stderr_kept, STDERR_FILENO);
	if (lseek(words->messages, 0, SEEK_SET) == 0 &&
	    file__read_fd(words->messages, OBJECT_MAX, &said, &size) == 0)
		fputs(said, stderr);
	free(said);
	warnx("the probe does not compile: see the lines above; nothing was attached (an event "
	      "that is too large for the stack, 512 bytes, is to be made with new_event())");
}

/* Runs libbcc with stderr put away; what it said is kept for whoever needs it. */
static int compile_quietly(const char *text, const struct kernel_types *types,
			   struct last_words *words, struct bcc_module **module, char **said)
{
	int messages = memfd_create("messages", MFD_CLOEXEC);
	int stderr_kept = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	size_t flag_count, size;
	const char *const *flags = kernel_types__cflags(types, &flag_count);
	int err;

	*said = NULL;
	if (messages < 0 || stderr_kept < 0 || dup2(messages, STDERR_FILENO) < 0)
		return -errno;
	dup2(STDERR_FILENO, STDOUT_FILENO);
	*words = (struct last_words){true, messages, stderr_kept};
	err = bcc_module__compile(text, kernel_types__tree(types), flags, flag_count, module);
	words->compiling = false;
	fflush(stdout);
	fflush(stderr);
	dup2(stderr_kept, STDERR_FILENO);
	dup2(stderr_kept, STDOUT_FILENO);
	close(stderr_kept);
	if (lseek(messages, 0, SEEK_SET) == 0)
		file__read_fd(messages, OBJECT_MAX, said, &size);
	close(messages);
	return err;
}

/* What the ways tried so far have come to. */
struct attempts {
	bool compiled_any;	 /* there were types, so the compiler ran */
	struct diagnostics best; /* what it said, for the user */
	char why[1024];		 /* why there were no types */
};

/* One way: 0 with a module, or a negative errno. */
static int attempt(const struct request *request, const struct kernel_types_source *source,
		   const struct kernel_types_way *way, const char *text, struct attempts *attempts,
		   struct bcc_module **module)
{
	char why[512] = "", *said = NULL;
	struct kernel_types *types = NULL;
	size_t length = strlen(attempts->why);
	double begin = seconds();
	int err = kernel_types__prepare(source, way, text, &types, why, sizeof(why));

	if (err) {
		if (request->verbose)
			warnx("types not used: %s", why);
		if (way->is_first)
			snprintf(attempts->why + length, sizeof(attempts->why) - length, "%s%s",
				 length ? "; " : "", why);
		return err;
	}
	err = compile_quietly(text, types, request->words, module, &said);
	if (request->verbose)
		warnx("%s with types from %s in %.2f s", err ? "did not compile" : "compiled",
		      kernel_types__description(types), seconds() - begin);
	attempts->compiled_any = true;
	if (err)
		diagnostics__consider(&attempts->best, said, kernel_types__description(types));
	else if (request->warnings)
		diagnostics__print_warnings(said);
	free(said);
	kernel_types__close(types);
	return err;
}

static void report(const struct request *request, const struct kernel_types_source *source,
		   const struct attempts *attempts)
{
	char advice[256];

	if (attempts->compiled_any) {
		diagnostics__print(&attempts->best);
		return;
	}
	if (request->btf || request->headers) {
		warnx("%s; %s", attempts->why,
		      request->btf ? "--btf takes a copy of that kernel's /sys/kernel/btf/vmlinux"
				   : "--headers takes what that kernel has as "
				     "/lib/modules/RELEASE/build");
		return;
	}
	distribution__headers_advice(source->release, request->release != NULL, advice,
				     sizeof(advice));
	warnx("no types of kernel %s (%s): %s%s", source->release, attempts->why, advice,
	      strcmp(request->types, "auto") == 0
		      ? ", or use a kernel with BTF (CONFIG_DEBUG_INFO_BTF) or CONFIG_IKHEADERS"
		      : ", or leave --types, --btf and --headers out");
}

static int compile(const struct request *request, const struct kernel_types_source *source,
		   const char *text, struct bcc_module **module)
{
	struct attempts attempts = {0};
	int err = -ENOENT;

	for (const struct kernel_types_way *way = kernel_types_ways; way->choice && !*module; way++)
		if (allowed(request, way->choice))
			err = attempt(request, source, way, text, &attempts, module);
	if (err)
		report(request, source, &attempts);
	diagnostics__free(&attempts.best);
	return err;
}

/* What is written into the object about its making: known before files are out of sight. */
struct maker {
	struct kernel_identity kernel;
	char files[MAKER_MAX];
};

/* This program and libbcc: whoever of them changes may compile otherwise. */
static void describe_maker(const char *release, struct maker *maker)
{
	char self[PATH_MAX] = "";
	const char *paths[2] = {self, ""};
	Dl_info libbcc;

	if (!realpath("/proc/self/exe", self))
		self[0] = '\0';
	if (dladdr((const void *)bpf_module_create_c_from_string, &libbcc) != 0)
		paths[1] = libbcc.dli_fname;
	maker__describe(paths, 2, maker->files);
	kernel_identity__get(&maker->kernel, release);
}

/* The object and its seal: 0 or a negative errno, with what failed in `why` if that is known. */
static int make_object(const struct bcc_module *module, const char *text, const struct maker *maker,
		       int fd, int out, char *why, size_t why_size)
{
	char kernel[KERNEL_IDENTITY_MAX], seal[OBJECT_SEAL_SIZE + 1];
	char *bytes = NULL;
	size_t size;
	int err;

	kernel_identity__write(&maker->kernel, kernel, sizeof(kernel));
	err = object_writer__write(fd, module, text, kernel, maker->files, why, why_size);
	if (err)
		return err;
	if (lseek(fd, 0, SEEK_SET) != 0)
		return -errno;
	err = file__read_fd(fd, OBJECT_MAX, &bytes, &size);
	if (err)
		return err;
	object__seal(bytes, size, seal);
	err = file__write_fd(out, bytes, size);
	if (!err)
		err = file__write_fd(out, seal, OBJECT_SEAL_SIZE);
	free(bytes);
	return err;
}

static int write_object(const struct bcc_module *module, const char *text,
			const struct maker *maker, int out)
{
	char why[512] = "";
	/* libelf wants to seek, stdout may be a pipe */
	int fd = memfd_create("object", MFD_CLOEXEC);
	int err = fd < 0 ? -errno : make_object(module, text, maker, fd, out, why, sizeof(why));

	if (err && why[0])
		warnx("%s", why);
	else if (err)
		warnx("cannot write the object: %s", strerror(-err));
	if (fd >= 0)
		close(fd);
	return err;
}

static void tell_unconfined(const char *what, int err)
{
	warnx("compiling without %s: %s", what, strerror(-err));
}

/* Root decides whose headers the kernel's programs are made with. */
static void warn_of_distrust(const struct kernel_files *files)
{
	if (files->headers == 0 && files->distrust[0])
		warnx("warning: --headers: %s", files->distrust);
}

/* The files from which types are taken; all that root's power is used for. */
static void find_files(const struct request *request, const struct kernel_types_source *source,
		       struct kernel_files *files)
{
	kernel_files__find(source, geteuid() == 0, files);
	warn_of_distrust(files);
	if (allowed(request, "headers") &&
	    (!allowed(request, "btf") || access(KERNEL_BTF, R_OK) != 0))
		kernel_files__take_archive(source, files);
}

/* From here on the process has no power that the text could abuse. */
static int confine(const struct request *request, const struct kernel_types_source *source,
		   struct kernel_files *files, struct directory **directory)
{
	struct kernel_paths paths;
	struct sandbox sandbox = {.tell = request->verbose ? tell_unconfined : NULL};
	int err;

	kernel_files__list_paths(source, files, &paths);
	sandbox.readable = paths.list;
	sandbox.readable_count = paths.count;
	err = sandbox__drop(&sandbox);
	if (err) {
		warnx("cannot give up capabilities: %s", strerror(-err));
		return err;
	}
	err = directory__make(directory);
	if (err) {
		warnx("headers for the compiler cannot be made (%s; TMPDIR names the place)",
		      strerror(-err));
		return err;
	}
	kernel_files__unpack(files, *directory);
	err = sandbox__confine(&sandbox, *directory);
	if (err)
		warnx("cannot restrict the compiler's system calls (seccomp): %s", strerror(-err));
	return err;
}

/* From a text to an object, in a process that can do nothing else. */
static int run(const struct request *request, const char *text, int out)
{
	struct kernel_types_source source = {.btf = request->btf, .headers = request->headers};
	struct directory *directory = NULL;
	struct bcc_module *module = NULL;
	struct kernel_files files;
	struct maker maker;
	int err;

	describe_maker(request->release, &maker);
	source.release = maker.kernel.release;
	source.machine = maker.kernel.machine;
	find_files(request, &source, &files);
	err = confine(request, &source, &files, &directory);
	source.files = &files;
	source.directory = directory;
	if (!err)
		err = compile(request, &source, text, &module);
	if (!err)
		err = write_object(module, text, &maker, out);
	bcc_module__free(module);
	kernel_files__close(&files);
	directory__remove(directory);
	return err;
}

int main(int argc, char **argv)
{
	struct request request;
	static struct last_words words; /* outlives main(): on_exit() */
	char headers[PATH_MAX], btf[PATH_MAX];
	char *text = NULL;
	size_t size;
	int out, err;

	program_invocation_short_name = "tcpconnect"; /* under whose name users know this */
	on_exit(print_last_words, &words);
	if (parse(argc, argv, &request) != 0) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	request.words = &words;
	err = leave_working_directory(&request, headers, btf);
	if (err)
		errx(EXIT_FAILURE, "cannot go to /: %s", strerror(-err));
	libbpf_set_print(NULL);
	err = file__read_fd(STDIN_FILENO, TEXT_MAX, &text, &size);
	out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	if (err || out < 0)
		errx(EXIT_FAILURE, "cannot read the probe text: %s", strerror(err ? -err : errno));
	err = run(&request, text, out);
	free(text);
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
