// SPDX-License-Identifier: Apache-2.0
#include "bcc_module.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bcc/bcc_common.h>
#include <bpf/bpf.h>

/* The perf output through which all probes send. */
#define EVENTS "events"

struct bcc_create_map_attr;
int bcc_create_map_xattr(struct bcc_create_map_attr *attr, bool allow_rlimit);
int bcc_symcache_resolve_name(void *resolver, const char *module, const char *name,
			      uint64_t *address);

/*
 * libbcc creates each map through its exported function of this name; since this program exports
 * its own (it is linked with -rdynamic), this one is called, and compiling needs no privilege. What
 * libbcc wants is a number of its own for each map, which it also closes in the end.
 */
int bcc_create_map_xattr(struct bcc_create_map_attr *attr, bool allow_rlimit)
{
	(void)attr;
	(void)allow_rlimit;
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/*
 * A libbcc that was linked with -Bsymbolic-functions calls its own, which calls libbpf's function
 * of this name; there the kernel would refuse the map to a process without privilege.
 */
int bpf_map_create(enum bpf_map_type type, const char *name, __u32 key_size, __u32 value_size,
		   __u32 max_entries, const struct bpf_map_create_opts *options)
{
	(void)type;
	(void)name;
	(void)key_size;
	(void)value_size;
	(void)max_entries;
	(void)options;
	return bcc_create_map_xattr(NULL, false);
}

/*
 * libbcc looks into /proc/kallsyms for the helpers that tell the kernel's memory from a user's, and
 * where it is not root it takes them as missing and uses one that reads either, or neither. Linux
 * has them since 5.5, so every supported kernel has, also one that does not run here.
 */
int bcc_symcache_resolve_name(void *resolver, const char *module, const char *name,
			      uint64_t *address)
{
	(void)resolver;
	(void)module;
	*address = 0;
	return strncmp(name, "bpf_probe_read_", strlen("bpf_probe_read_")) == 0 ? 0 : -1;
}

static int read_programs(struct bcc_module *module)
{
	size_t count = bpf_num_functions(module->handle);

	module->programs = calloc(count ? count : 1, sizeof(*module->programs));
	if (!module->programs)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		module->programs[i] = (struct bcc_program){
			.name = bpf_function_name(module->handle, i),
			.insns = bpf_function_start_id(module->handle, i),
			.insn_count =
				bpf_function_size_id(module->handle, i) / sizeof(struct bpf_insn),
		};
	module->program_count = count;
	for (size_t i = 0; i < count; i++) {
		struct bcc_program *program = &module->programs[i];
		int err = bcc_lines__read(module->handle, i, &program->lines, &program->line_count);

		if (err)
			return err;
	}
	return 0;
}

static int read_maps(struct bcc_module *module)
{
	void *handle = module->handle;
	size_t count = bpf_num_tables(handle);

	module->maps = calloc(count ? count : 1, sizeof(*module->maps));
	if (!module->maps)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		struct bcc_map *map = &module->maps[i];

		map->name = bpf_table_name(handle, i);
		map->type = bpf_table_type_id(handle, i);
		map->key_size = bpf_table_key_size_id(handle, i);
		map->value_size = bpf_table_leaf_size_id(handle, i);
		map->max_entries = bpf_table_max_entries_id(handle, i);
		map->flags = bpf_table_flags_id(handle, i);
		map->fd = bpf_table_fd_id(handle, i);
		/*
		 * libbcc counts the CPUs of the machine that compiles; at 0 the loader counts its
		 * own
		 */
		if (map->type == BPF_MAP_TYPE_PERF_EVENT_ARRAY)
			map->max_entries = 0;
	}
	module->map_count = count;
	return 0;
}

/* libbcc tells a field as "name#type". */
static int read_event_fields(struct bcc_module *module)
{
	size_t count = bpf_perf_event_fields(module->handle, EVENTS);

	module->event_fields = calloc(count ? count : 1, sizeof(*module->event_fields));
	if (!module->event_fields)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		const char *field = bpf_perf_event_field(module->handle, EVENTS, i);
		const char *hash = strchr(field, '#');

		if (!hash)
			return -EINVAL;
		module->event_fields[i].name = strndup(field, hash - field);
		module->event_fields[i].type = strdup(hash + 1);
		module->event_field_count = i + 1;
		if (!module->event_fields[i].name || !module->event_fields[i].type)
			return -ENOMEM;
	}
	return 0;
}

int bcc_module__compile(const char *text, const char *kernel_tree, const char *const *cflags,
			size_t cflag_count, struct bcc_module **module)
{
	struct bcc_module *made = calloc(1, sizeof(*made));
	int err;

	if (!made)
		return -ENOMEM;
	if (setenv("BCC_KERNEL_SOURCE", kernel_tree, 1) != 0) {
		err = -errno;
		goto err_out;
	}
	made->handle = bpf_module_create_c_from_string(text, 0, (const char **)cflags,
						       (int)cflag_count, true, NULL);
	if (!made->handle) {
		err = -EINVAL;
		goto err_out;
	}
	made->license = bpf_module_license(made->handle);
	if (!made->license)
		made->license = "GPL";
	err = read_programs(made);
	if (!err)
		err = read_maps(made);
	if (!err)
		err = read_event_fields(made);
	if (err)
		goto err_out;
	*module = made;
	return 0;

err_out:
	bcc_module__free(made);
	return err;
}

void bcc_module__free(struct bcc_module *module)
{
	if (!module)
		return;
	for (size_t i = 0; i < module->event_field_count; i++) {
		free(module->event_fields[i].name);
		free(module->event_fields[i].type);
	}
	free(module->event_fields);
	free(module->maps);
	for (size_t i = 0; i < module->program_count; i++)
		bcc_lines__free(module->programs[i].lines, module->programs[i].line_count);
	free(module->programs);
	if (module->handle)
		bpf_module_destroy(module->handle);
	free(module);
}
