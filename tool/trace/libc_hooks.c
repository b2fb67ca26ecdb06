// SPDX-License-Identifier: Apache-2.0
#include "libc_hooks.h"

#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/libbpf.h>
#include <uthash.h>

#include "elf_functions.h"
#include "hook.h"
#include "printable.h"
#include "uprobe_multi.h"

/*
 * Files that are known as not to be hooked: forgotten all at once when there are more, and counted
 * again if they are still there.
 */
#define REFUSED_MAX 1024

/* Programs for functions of the library, in the order in which they are attached to each file. */
struct libc_program {
	const struct bpf_program *program;
	bool returns;
};

struct libc_file {
	struct file_identity identity;
	struct file_place place; /* as the witness sees it */
	uint32_t device;	 /* likewise, in /proc/PID/maps */
	uint64_t inode;
	struct hook_links links; /* none: not to be hooked */
	/* a process that has it: while it lives, the file system is in use anyway */
	int witness; /* pidfd; -1: it has ended */
	uint32_t mntns;
	pid_t spare; /* a process in another mount namespace that had it lately; 0: none */
	unsigned int orphaned; /* the round in which the witness was found to have ended */
	UT_hash_handle hh;
};

struct libc_hooks {
	struct libc_program *programs;
	const char **functions; /* of each; and what tells glibc and musl from others */
	uint64_t *offsets;	/* in the file that is being hooked */
	size_t program_count;
	struct libc_file *files;
	size_t hooked_count;
	size_t refused_count;
	size_t orphan_count;
	unsigned int round;
	int epoll_fd; /* of all witnesses */
	int result;
	uint64_t unhooked[LIBC_UNHOOKED_KINDS];
	bool verbose;
};

/* What starts programs in glibc and musl, and in no other library: not in bionic, nor in diet libc. */
#define START_FUNCTION "__libc_start_main"

uint32_t libc_hooks__mntns(pid_t pid)
{
	char path[64];
	struct stat status;

	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", pid);
	return stat(path, &status) == 0 ? (uint32_t)status.st_ino : 0;
}

/* Entries first: so a return that finds no entry is one whose entry was pushed out. */
static void gather(struct libc_hooks *hooks, const struct bpf_object *object, bool returns)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, object) {
		const char *section = bpf_program__section_name(program);

		if (hook__kind(program)->group != HOOK_LIBC || !bpf_program__autoload(program) ||
		    (strncmp(section, "uretprobe", strlen("uretprobe")) == 0) != returns)
			continue;
		hooks->functions[hooks->program_count] = strchr(section, '/') + 1;
		hooks->programs[hooks->program_count++] =
			(struct libc_program){.program = program, .returns = returns};
	}
}

static size_t count_programs(const struct bpf_object *object)
{
	struct bpf_program *program;
	size_t count = 0;

	bpf_object__for_each_program(program, object)
		count += hook__kind(program)->group == HOOK_LIBC && bpf_program__autoload(program);
	return count;
}

/* As many descriptors as are allowed, or as are of use: two for a link, one for a witness. */
static void raise_limit(size_t program_count)
{
	rlim_t wanted = LIBC_HOOKS_MAX * (2 * program_count + 1) + 1024;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
		return;
	limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int libc_hooks__new(const struct bpf_object *object, bool verbose, struct libc_hooks **hooks)
{
	size_t count = count_programs(object);
	struct libc_hooks *made;

	*hooks = NULL;
	if (!count)
		return 0;
	made = calloc(1, sizeof(*made));
	if (!made)
		return -ENOMEM;
	made->verbose = verbose;
	made->result = -ENOENT;
	made->programs = calloc(count, sizeof(*made->programs));
	made->functions = calloc(count + 1, sizeof(*made->functions));
	made->offsets = calloc(count + 1, sizeof(*made->offsets));
	made->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (!made->programs || !made->functions || !made->offsets || made->epoll_fd < 0) {
		libc_hooks__free(made);
		return -ENOMEM;
	}
	gather(made, object, false);
	gather(made, object, true);
	made->functions[count] = START_FUNCTION;
	raise_limit(count);
	*hooks = made;
	return 0;
}

static bool is_hooked(const struct libc_file *file)
{
	return file->links.count;
}

/* Forgets a file, whose hooks are to go. */
static void remove_file(struct libc_hooks *hooks, struct libc_file *file, struct hook_links *gone)
{
	if (is_hooked(file))
		hooks->hooked_count--;
	else
		hooks->refused_count--;
	if (is_hooked(file) && file->witness < 0)
		hooks->orphan_count--;
	if (is_hooked(file))
		hook_links__move(gone, &file->links);
	if (file->witness >= 0)
		close(file->witness);
	HASH_DEL(hooks->files, file);
	free(file);
}

void libc_hooks__detach(struct libc_hooks *hooks)
{
	struct libc_file *file, *next;
	struct hook_links gone = {0};

	if (!hooks)
		return;
	HASH_ITER(hh, hooks->files, file, next)
	remove_file(hooks, file, &gone);
	hook_links__detach_aside(&gone);
}

void libc_hooks__free(struct libc_hooks *hooks)
{
	if (!hooks)
		return;
	libc_hooks__detach(hooks);
	if (hooks->epoll_fd >= 0)
		close(hooks->epoll_fd);
	free(hooks->programs);
	free(hooks->functions);
	free(hooks->offsets);
	free(hooks);
}

/* Where the functions are; -ENOEXEC: it is a library of another kind. */
static int find_functions(struct libc_hooks *hooks, int fd)
{
	int err =
		elf_functions__find(fd, hooks->functions, hooks->program_count + 1, hooks->offsets);

	return !err && !hooks->offsets[hooks->program_count] ? -ENOEXEC : err;
}

static int attach_program(const struct libc_program *program, const char *path, uint64_t offset,
			  struct hook_links *links)
{
	LIBBPF_OPTS(bpf_uprobe_opts, opts, .retprobe = program->returns);

	if (uprobe_multi__is_for(program->program))
		return hook_links__add_fd(
			links, program->program,
			uprobe_multi__attach(program->program, path, offset, program->returns));
	return hook_links__add(
		links, program->program,
		bpf_program__attach_uprobe_opts(program->program, -1, path, offset, &opts));
}

static int attach(struct libc_hooks *hooks, int fd, struct hook_links *links)
{
	char path[64];
	int err = 0;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	for (size_t i = 0; i < hooks->program_count && !err; i++)
		if (hooks->offsets[i])
			err = attach_program(&hooks->programs[i], path, hooks->offsets[i], links);
	if (!err && !links->count)
		err = -ENOEXEC;
	if (err)
		hook_links__detach(links);
	return err;
}

/* Who keeps the hooks of a file where they are. */
static void set_witness(struct libc_hooks *hooks, struct libc_file *file,
			const struct libc_mapping *mapping)
{
	struct epoll_event ended = {.events = EPOLLIN, .data.ptr = file};
	bool was_orphan = file->witness < 0;

	file->witness = (int)syscall(SYS_pidfd_open, mapping->pid, 0);
	file->mntns = libc_hooks__mntns(mapping->pid);
	file->device = mapping->device;
	file->inode = mapping->inode;
	if (file->witness >= 0)
		epoll_ctl(hooks->epoll_fd, EPOLL_CTL_ADD, file->witness, &ended);
	else
		file->orphaned = hooks->round;
	hooks->orphan_count += (file->witness < 0) - was_orphan;
}

static void count_unhooked(struct libc_hooks *hooks, int err)
{
	enum libc_unhooked reason = LIBC_FAILED;

	if (err == -ENOEXEC)
		reason = LIBC_FOREIGN;
	else if (err == -EMFILE || err == -ENFILE || err == -ENOSPC)
		reason = LIBC_TOO_MANY;
	__atomic_fetch_add(&hooks->unhooked[reason], 1, __ATOMIC_RELAXED);
}

static void tell(const struct libc_hooks *hooks, const struct libc_mapping *mapping, int err)
{
	char path[PRINTABLE_SIZE(sizeof(mapping->path))];

	if (!hooks->verbose)
		return;
	printable(path, sizeof(path), mapping->path, strlen(mapping->path));
	if (err)
		warnx("not hooked: %s of process %d: %s", path, mapping->pid,
		      err == -ENOEXEC ? "neither a 64-bit glibc nor musl" : strerror(-err));
	else
		warnx("hooked %s of process %d", path, mapping->pid);
}

static void forget_refused(struct libc_hooks *hooks)
{
	struct libc_file *file, *next;

	HASH_ITER(hh, hooks->files, file, next)
	if (!is_hooked(file))
		remove_file(hooks, file, NULL);
}

static int hook_file(struct libc_hooks *hooks, struct libc_file *file, int fd)
{
	int err = hooks->hooked_count < LIBC_HOOKS_MAX ? find_functions(hooks, fd) : -ENOSPC;

	return err ? err : attach(hooks, fd, &file->links);
}

static struct libc_file *make_file(struct libc_hooks *hooks, const struct file_identity *identity)
{
	struct libc_file *file;

	if (hooks->refused_count == REFUSED_MAX)
		forget_refused(hooks);
	file = calloc(1, sizeof(*file));
	if (!file) {
		count_unhooked(hooks, -ENOMEM);
		return NULL;
	}
	file->identity = *identity;
	file->witness = -1;
	HASH_ADD(hh, hooks->files, identity, sizeof(file->identity), file);
	return file;
}

/* A file that is met for the first time. */
static void add_file(struct libc_hooks *hooks, const struct libc_mapping *mapping, int fd,
		     const struct file_identity *identity, const struct file_place *place)
{
	struct libc_file *file = make_file(hooks, identity);
	int err;

	if (!file)
		return;
	file->place = *place;
	err = hook_file(hooks, file, fd);
	tell(hooks, mapping, err);
	if (hooks->result)
		hooks->result = err;
	if (err) {
		hooks->refused_count++;
		count_unhooked(hooks, err);
		return;
	}
	hooks->hooked_count++;
	hooks->orphan_count++;
	set_witness(hooks, file, mapping);
}

/*
 * A hooked file has a new witness. Hooks hold the mount by which they were set: where the process
 * has it by another one, they move.
 */
static void adopt(struct libc_hooks *hooks, struct libc_file *file,
		  const struct libc_mapping *mapping, int fd, const struct file_place *place)
{
	if (file->place.mount != place->mount) {
		/* for a moment it is hooked twice, and no look-up is missed */
		struct hook_links before = file->links;
		int err = find_functions(hooks, fd);

		file->links = (struct hook_links){0};
		if (!err)
			err = attach(hooks, fd, &file->links);
		hook_links__detach_aside(&before);
		if (err) {
			count_unhooked(hooks, err);
			hooks->hooked_count--;
			hooks->refused_count++;
			hooks->orphan_count--;
			return;
		}
		file->place = *place;
	}
	set_witness(hooks, file, mapping);
}

static struct libc_file *find_by_mapping(const struct libc_hooks *hooks,
					 const struct libc_mapping *mapping)
{
	struct libc_file *file = hooks->files;

	while (file && (file->device != mapping->device || file->inode != mapping->inode ||
			!is_hooked(file)))
		file = file->hh.next;
	return file;
}

/* A file that is known: true when there is nothing to be done for it. */
static bool is_kept(struct libc_hooks *hooks, struct libc_file *file,
		    const struct libc_mapping *mapping, const struct file_place *place)
{
	if (!is_hooked(file)) {
		if (!place || file->place.born_ns == place->born_ns)
			return true;
		remove_file(hooks, file, NULL); /* another one has its number now */
		return false;
	}
	if (file->witness >= 0 && !file->spare && file->mntns != libc_hooks__mntns(mapping->pid))
		file->spare = mapping->pid;
	return file->witness >= 0;
}

static void take_opened(struct libc_hooks *hooks, const struct libc_mapping *mapping, int fd)
{
	struct file_identity identity;
	struct file_place place;
	struct libc_file *file = NULL;
	int err = libc_files__identify(fd, &identity, &place);

	if (err) {
		count_unhooked(hooks, err);
		return;
	}
	HASH_FIND(hh, hooks->files, &identity, sizeof(identity), file);
	if (!file) {
		add_file(hooks, mapping, fd, &identity, &place);
		return;
	}
	if (is_kept(hooks, file, mapping, &place))
		return;
	HASH_FIND(hh, hooks->files, &identity, sizeof(identity), file);
	if (file)
		adopt(hooks, file, mapping, fd, &place);
	else
		add_file(hooks, mapping, fd, &identity, &place);
}

/* What is mapped and cannot be opened, counted once. */
static void refuse_unopened(struct libc_hooks *hooks, const struct libc_mapping *mapping, int err)
{
	struct file_identity identity = {.bytes = {'m'}};
	struct libc_file *file;

	memcpy(identity.bytes + 4, &mapping->device, sizeof(mapping->device));
	memcpy(identity.bytes + 8, &mapping->inode, sizeof(mapping->inode));
	HASH_FIND(hh, hooks->files, &identity, sizeof(identity), file);
	if (file || kill(mapping->pid, 0) != 0)
		return;
	file = make_file(hooks, &identity);
	if (!file)
		return;
	hooks->refused_count++;
	count_unhooked(hooks, err);
	tell(hooks, mapping, err);
}

static void take_mapping(const struct libc_mapping *mapping, void *ctx)
{
	struct libc_hooks *hooks = ctx;
	struct libc_file *file = mapping->start ? find_by_mapping(hooks, mapping) : NULL;
	int fd;

	if (file && is_kept(hooks, file, mapping, NULL))
		return;
	fd = libc_files__open(mapping);
	if (fd >= 0) {
		take_opened(hooks, mapping, fd);
		close(fd);
	} else if (mapping->start) {
		/* what is only expected may well be somewhere else */
		refuse_unopened(hooks, mapping, fd);
	}
}

enum libc_search libc_hooks__take(struct libc_hooks *hooks, pid_t pid)
{
	return libc_files__search(pid, take_mapping, hooks);
}

void libc_hooks__take_installed(struct libc_hooks *hooks)
{
	libc_files__installed(take_mapping, hooks);
}

int libc_hooks__result(const struct libc_hooks *hooks)
{
	return hooks->result;
}

int libc_hooks__fd(const struct libc_hooks *hooks)
{
	return hooks->epoll_fd;
}

void libc_hooks__find_orphans(struct libc_hooks *hooks, void (*forget)(uint32_t mntns, void *ctx),
			      void *ctx)
{
	struct epoll_event ended;

	while (epoll_wait(hooks->epoll_fd, &ended, 1, 0) == 1) {
		struct libc_file *file = ended.data.ptr;
		pid_t spare = file->spare;

		close(file->witness);
		file->witness = -1;
		file->spare = 0;
		file->orphaned = hooks->round;
		hooks->orphan_count++;
		forget(file->mntns, ctx);
		if (spare)
			libc_hooks__take(hooks, spare);
	}
}

bool libc_hooks__has_orphans(const struct libc_hooks *hooks)
{
	return hooks->orphan_count > 0;
}

bool libc_hooks__misses(const struct libc_hooks *hooks, uint32_t mntns)
{
	const struct libc_file *file = hooks->files;

	while (file && (!is_hooked(file) || file->witness >= 0 || file->mntns != mntns))
		file = file->hh.next;
	return file;
}

void libc_hooks__begin_round(struct libc_hooks *hooks)
{
	hooks->round++;
}

void libc_hooks__release(struct libc_hooks *hooks)
{
	struct libc_file *file, *next;
	struct hook_links gone = {0};

	HASH_ITER(hh, hooks->files, file, next)
	if (is_hooked(file) && file->witness < 0 && file->orphaned != hooks->round)
		remove_file(hooks, file, &gone);
	hook_links__detach_aside(&gone);
}

uint64_t libc_hooks__unhooked(const struct libc_hooks *hooks, enum libc_unhooked reason)
{
	return __atomic_load_n(&hooks->unhooked[reason], __ATOMIC_RELAXED);
}
