// SPDX-License-Identifier: Apache-2.0
#include "object_source.h"

#include <err.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compile.h"
#include "file.h"
#include "kernel_identity.h"
#include "object.h"
#include "object_cache.h"
#include "trust.h"

static int check_kernel(const char *path, const char *object, size_t size)
{
	struct kernel_identity made_for, running;

	kernel_identity__get(&running, NULL);
	if (object__kernel(object, size, &made_for) != 0) {
		warnx("--object %s: it does not say which kernel it is for", path);
		return -EINVAL;
	}
	if (kernel_identity__same(&made_for, &running))
		return 0;
	warnx("--object %s: compiled for kernel %s %s%s%s, this is %s %s %s%s: compile it again with "
	      "--compile-only --kernel %s",
	      path, made_for.release, made_for.machine, made_for.version[0] ? " " : "",
	      made_for.version, running.release, running.machine, running.version,
	      strcmp(made_for.version, running.version) == 0 ? " with another build id" : "",
	      running.release);
	return -EINVAL;
}

int object_source__read(const char *path, char **object, size_t *size)
{
	char resolved[PATH_MAX], why[PATH_MAX + 128];
	int err = trust__path(path, resolved, why, sizeof(why));

	if (err) {
		warnx("--object not used: %s%s", why,
		      err == -EPERM
			      ? ", or write it where only root can: --compile-only -o - | ssh "
				"HOST 'sudo tee /etc/tcpconnect.o >/dev/null'"
			      : "");
		return err;
	}
	err = file__read(resolved, OBJECT_MAX, object, size);
	if (err) {
		warnx("--object %s: %s", path, strerror(-err));
		return err;
	}
	err = object__check(*object, *size);
	if (err)
		warnx("--object %s: no object that --compile-only wrote, or it is damaged", path);
	else
		err = check_kernel(path, *object, *size);
	if (err) {
		free(*object);
		*object = NULL;
	}
	return err;
}

/*
 * The compiler runs with no more than the user's power, so that he can change what it reads and
 * writes.
 */
static int check_compiling(const struct options *options)
{
	if (options->action != ACTION_TRACE || !trust__only_root())
		return 0;
	warnx("with capabilities of the executable's file nothing is compiled, since its user "
	      "could change the outcome: let root start it once with the same options, which keeps "
	      "the object, or make one with --compile-only for --object");
	return -EPERM;
}

int object_source__get(const struct options *options, const char *compiler, const char *text,
		       char **object, size_t *size)
{
	const struct compile_request request = {
		.program = compiler, .text = text, .options = options};
	const struct object_cache cache = {.directory = options->cache ? options->cache
								       : OBJECT_CACHE_DEFAULT,
					   .compiler = compiler,
					   .verbose = options->verbose};
	/*
	 * An object for another machine's kernel is written to a file, and of no use here; and types
	 * that come from a place that the user names are to come from there.
	 */
	bool cached = !options->no_cache && options->action == ACTION_TRACE &&
		      options->types == TYPES_AUTO && !options->headers && !options->btf;
	struct kernel_identity kernel;
	int err;

	if (options->verbose && !cached && !options->no_cache && options->action == ACTION_TRACE)
		warnx("cache not used: --types, --btf and --headers say where the types come from");
	kernel_identity__get(&kernel, options->kernel);
	if (cached && object_cache__find(&cache, text, &kernel, object, size) == 0)
		return 0;
	err = check_compiling(options);
	if (!err)
		err = compile__run(&request, object, size);
	if (!err && cached)
		object_cache__store(&cache, text, &kernel, *object, *size);
	return err;
}
