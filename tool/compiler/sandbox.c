// SPDX-License-Identifier: Apache-2.0
#include "sandbox.h"

#include <cap-ng.h>
#include <errno.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "landlock.h"
#include "system_calls.h"
#include "view.h"

/* The user that owns nothing: the kernel's overflow user, Debian's nobody and nogroup. */
#define NOBODY 65534

/* clang takes 205 MB with a kernel's headers; libbcc's three passes keep what they took. */
#define MEMORY_MAX (1ULL << 30)

/* A compilation with headers takes 3 s, under software emulation some minutes. */
#define SECONDS_MAX 900

/* The largest file is vmlinux.h with all of a kernel's types, 5 MB. */
#define FILE_SIZE_MAX (64ULL << 20)

#define FILES_MAX 256

/* Of all processes of the user together. Rarely there is one: see system_calls.c. */
#define THREADS_MAX 4096

/* Read while compiling, whatever the probe: by clang, libbcc, libc and this program. */
static const char *const common[] = {
	"/dev/null",
	"/etc/os-release",
	"/proc/config.gz",
	"/proc/cpuinfo",
	"/proc/sys/vm/overcommit_memory",
	"/sys/devices/system/cpu",
	"/sys/kernel/btf",
	"/usr/include",
	"/usr/local/include",
};

#define COMMON (sizeof(common) / sizeof(common[0]))

static void tell(const struct sandbox *sandbox, const char *what, int err)
{
	if (sandbox->tell)
		sandbox->tell(what, err);
}

static int compare_lengths(const void *one, const void *other)
{
	size_t length = strlen(*(const char *const *)one);
	size_t other_length = strlen(*(const char *const *)other);

	return length < other_length ? -1 : length > other_length;
}

/* All that can be read, for free(): a directory before what is below it. */
static const char **all_readable(const struct sandbox *sandbox, size_t *count)
{
	const char **paths = malloc((COMMON + sandbox->readable_count) * sizeof(*paths));

	if (!paths)
		return NULL;
	memcpy(paths, common, sizeof(common));
	for (size_t i = 0; i < sandbox->readable_count; i++)
		paths[COMMON + i] = sandbox->readable[i];
	*count = COMMON + sandbox->readable_count;
	qsort(paths, *count, sizeof(*paths), compare_lengths);
	return paths;
}

static void enter_view(const struct sandbox *sandbox)
{
	size_t count;
	const char **paths = all_readable(sandbox, &count);
	int err = paths ? view__enter(paths, count, NOBODY, NOBODY) : -ENOMEM;

	if (err)
		tell(sandbox, "a view of its own files only", err);
	free(paths);
	if (unshare(CLONE_NEWNET | CLONE_NEWIPC) != 0)
		tell(sandbox, "a network of its own", -errno);
}

/* While there is CAP_SETPCAP; what an ordinary user executes is bound by no_new_privs. */
static void empty_bounding_set(const struct sandbox *sandbox)
{
	if (capng_get_caps_process() != 0 || !capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP))
		return;
	capng_clear(CAPNG_SELECT_BOUNDS);
	if (capng_apply(CAPNG_SELECT_BOUNDS) != 0)
		tell(sandbox, "an empty bounding set", -EPERM);
}

static void become_nobody(const struct sandbox *sandbox)
{
	if (setgroups(0, NULL) != 0) /* some user namespaces forbid that alone */
		tell(sandbox, "giving up groups", -errno);
	if (setresgid(NOBODY, NOBODY, NOBODY) != 0 || setresuid(NOBODY, NOBODY, NOBODY) != 0)
		tell(sandbox, "user nobody", -errno);
}

/* The ambient ones go with the permitted ones. */
static int clear_capabilities(void)
{
	capng_clear(CAPNG_SELECT_CAPS);
	return capng_apply(CAPNG_SELECT_CAPS) == 0 ? 0 : -EPERM;
}

int sandbox__drop(const struct sandbox *sandbox)
{
	int signal_at_parents_end = 0, err;
	pid_t parent = getppid();

	prctl(PR_GET_PDEATHSIG, &signal_at_parents_end);
	empty_bounding_set(sandbox);
	if (geteuid() == 0) {
		clearenv(); /* of what libbcc, clang and tar would heed */
		setenv("PATH", "/usr/bin:/bin", 1);
		enter_view(sandbox);
		become_nobody(sandbox);
	}
	err = clear_capabilities();
	if (!err && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		err = -errno;
	if (err)
		return err;
	prctl(PR_SET_DUMPABLE, 0);
	/* the kernel forgets it with the user (commit_creds() in kernel/cred.c) */
	prctl(PR_SET_PDEATHSIG, signal_at_parents_end);
	if (signal_at_parents_end && getppid() != parent)
		raise(signal_at_parents_end);
	return 0;
}

/* RLIM_INFINITY is the largest number. */
static rlim_t smaller(rlim_t one, rlim_t other)
{
	return one < other ? one : other;
}

/* With some grace between the soft limit, of which a signal tells, and the hard one. */
static int limit(int resource, rlim_t most, rlim_t grace)
{
	struct rlimit now;

	if (getrlimit(resource, &now) != 0)
		return -errno;
	now.rlim_cur = smaller(now.rlim_cur, most);
	now.rlim_max = smaller(now.rlim_max, now.rlim_cur + grace);
	return setrlimit(resource, &now) == 0 ? 0 : -errno;
}

static void set_limits(const struct sandbox *sandbox)
{
	static const struct {
		int resource;
		rlim_t most, grace;
		const char *what;
	} limits[] = {
		{RLIMIT_DATA, MEMORY_MAX, 0, "a limit on memory"},
		{RLIMIT_CPU, SECONDS_MAX, 10, "a limit on processor time"},
		{RLIMIT_FSIZE, FILE_SIZE_MAX, 0, "a limit on the size of files"},
		{RLIMIT_NPROC, THREADS_MAX, 0, "a limit on threads"},
		{RLIMIT_NOFILE, FILES_MAX, 0, "a limit on open files"},
		{RLIMIT_CORE, 0, 0, "no core file"},
	};

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		int err = limit(limits[i].resource, limits[i].most, limits[i].grace);

		if (err)
			tell(sandbox, limits[i].what, err);
	}
}

int sandbox__confine(const struct sandbox *sandbox, const struct directory *directory)
{
	size_t count = 0;
	const char **paths = all_readable(sandbox, &count);
	int err = paths ? landlock__restrict(paths, count, directory__path(directory)) : -ENOMEM;

	free(paths);
	if (err)
		tell(sandbox, "Landlock", err);
	set_limits(sandbox);
	return system_calls__restrict();
}
