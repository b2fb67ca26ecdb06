// SPDX-License-Identifier: Apache-2.0
/* Objects that libbpf reads back: what went in comes out. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "file.h"
#include "compiler/object_writer.h"
#include "test.h"

#define MAP_FD 77

static const struct bpf_insn insns[] = {
	{.code = BPF_LD | BPF_IMM | BPF_DW,
	 .dst_reg = 1,
	 .src_reg = BPF_PSEUDO_MAP_FD,
	 .imm = MAP_FD},
	{0},
	{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 0},
	{.code = BPF_JMP | BPF_EXIT},
};

static struct bcc_program programs[] = {
	{.name = "kprobe__tcp_v4_connect", .insns = insns, .insn_count = 4},
	{.name = "kretprobe__tcp_v4_connect", .insns = insns + 2, .insn_count = 2},
	{.name = "sockops__tcp_connect", .insns = insns + 2, .insn_count = 2},
};

static struct bcc_map maps[] = {
	{"events", BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, 0, 0, 12},
	{"connecting", BPF_MAP_TYPE_HASH, 4, 8, 10240, 1, MAP_FD},
};

static struct bcc_field fields[] = {
	{"time_ns", "u64"},  {"kind", "u16"},	    {"pid", "u32"},
	{"saddr", "u8[16]"}, {"comm", "char [16]"},
};

static const char the_text[] =
	"typedef u32 errno_value;\n"
	"typedef unsigned long long duration_ns; typedef __u8 address_t[16];\n"
	"typedef struct timespec when_t;\n";

static struct bcc_module module(void)
{
	return (struct bcc_module){
		.license = "GPL",
		.programs = programs,
		.program_count = 3,
		.maps = maps,
		.map_count = 2,
		.event_fields = fields,
		.event_field_count = 5,
	};
}

static char *write_object(const struct bcc_module *written, size_t *size)
{
	int fd = memfd_create("object", 0);
	char why[256] = "", *bytes;

	assert_true(fd >= 0);
	assert_int_equal(object_writer__write(fd, written, the_text, "a\nb\nc\n", "maker\n", why,
					      sizeof(why)),
			 0);
	lseek(fd, 0, SEEK_SET);
	assert_int_equal(file__read_fd(fd, 1 << 20, &bytes, size), 0);
	close(fd);
	return bytes;
}

static void libbpf_reads_programs_and_maps(void **state)
{
	struct bcc_module written = module();
	size_t size;
	char *bytes = write_object(&written, &size);
	struct bpf_object *object = bpf_object__open_mem(bytes, size, NULL);
	struct bpf_program *program;
	struct bpf_map *map;
	(void)state;

	assert_non_null(object);
	program = bpf_object__find_program_by_name(object, "kprobe__tcp_v4_connect");
	assert_non_null(program);
	assert_string_equal(bpf_program__section_name(program), "kprobe/tcp_v4_connect");
	assert_int_equal(bpf_program__insn_cnt(program), 4);
	assert_int_equal(bpf_program__type(program), BPF_PROG_TYPE_KPROBE);
	program = bpf_object__find_program_by_name(object, "sockops__tcp_connect");
	assert_int_equal(bpf_program__type(program), BPF_PROG_TYPE_SOCK_OPS);
	map = bpf_object__find_map_by_name(object, "connecting");
	assert_non_null(map);
	assert_int_equal(bpf_map__type(map), BPF_MAP_TYPE_HASH);
	assert_int_equal(bpf_map__key_size(map), 4);
	assert_int_equal(bpf_map__value_size(map), 8);
	assert_int_equal(bpf_map__max_entries(map), 10240);
	assert_int_equal(bpf_map__map_flags(map), 1);
	assert_int_equal(bpf_map__max_entries(bpf_object__find_map_by_name(object, "events")), 0);
	bpf_object__close(object);
	free(bytes);
}

static void btf_tells_the_events_layout(void **state)
{
	static const uint32_t offsets[] = {0, 8, 12, 16, 32};
	struct bcc_module written = module();
	size_t size;
	char *bytes = write_object(&written, &size);
	struct bpf_object *object = bpf_object__open_mem(bytes, size, NULL);
	const struct btf *btf = bpf_object__btf(object);
	const struct btf_type *type;
	int id = btf__find_by_name_kind(btf, "event", BTF_KIND_STRUCT);
	(void)state;

	assert_true(id > 0);
	type = btf__type_by_id(btf, id);
	assert_int_equal(type->size, 48);
	assert_int_equal(btf_vlen(type), 5);
	for (int i = 0; i < 5; i++)
		assert_int_equal(btf_member_bit_offset(type, i), 8 * offsets[i]);
	bpf_object__close(object);
	free(bytes);
}

/* A typedef of the text stands between the member and its integer or array. */
static void btf_tells_typedefs_of_the_text(void **state)
{
	static struct bcc_field typed[] = {
		{"result", "errno_value"}, {"latency", "duration_ns"}, {"hop", "address_t"},
		{"all", "errno_value[3]"}, {"plain", "u16"},
	};
	static const struct {
		uint32_t offset, size;
		const char *name;
	} expected[] = {{0, 4, "errno_value"},
			{8, 8, "duration_ns"},
			{16, 16, "address_t"},
			{32, 12, ""},
			{44, 2, "u16"}};
	struct bcc_module written = module();
	struct bpf_object *object;
	const struct btf_type *type;
	const struct btf *btf;
	size_t size;
	char *bytes;
	(void)state;

	written.event_fields = typed;
	bytes = write_object(&written, &size);
	object = bpf_object__open_mem(bytes, size, NULL);
	btf = bpf_object__btf(object);
	type = btf__type_by_id(btf, btf__find_by_name_kind(btf, "event", BTF_KIND_STRUCT));
	assert_int_equal(type->size, 48);
	for (int i = 0; i < 5; i++) {
		const struct btf_member *member = btf_members(type) + i;
		const struct btf_type *of = btf__type_by_id(btf, member->type);

		assert_int_equal(btf_member_bit_offset(type, i), 8 * expected[i].offset);
		assert_int_equal(btf__resolve_size(btf, member->type), expected[i].size);
		assert_string_equal(btf__name_by_offset(btf, of->name_off), expected[i].name);
		assert_int_equal(btf_is_typedef(of), i < 3);
	}
	bpf_object__close(object);
	free(bytes);
}

/* The kernel makes a socket's storage only with types for key and value, which libbpf passes on. */
static void a_storage_has_types(void **state)
{
	static struct bcc_map storage[] = {
		{"clients", BPF_MAP_TYPE_SK_STORAGE, 4, 520, 0, BPF_F_NO_PREALLOC, MAP_FD},
	};
	struct bcc_module written = module();
	struct bpf_object *object;
	struct bpf_map *map;
	size_t size;
	char *bytes;
	(void)state;

	written.maps = storage;
	written.map_count = 1;
	bytes = write_object(&written, &size);
	object = bpf_object__open_mem(bytes, size, NULL);
	assert_non_null(object);
	map = bpf_object__find_map_by_name(object, "clients");
	assert_non_null(map);
	assert_int_equal(bpf_map__key_size(map), 4);
	assert_int_equal(bpf_map__value_size(map), 520);
	assert_int_not_equal(bpf_map__btf_key_type_id(map), 0);
	assert_int_not_equal(bpf_map__btf_value_type_id(map), 0);
	bpf_object__close(object);
	free(bytes);
}

static void assert_not_written(const struct bcc_module *written, const char *word)
{
	int fd = memfd_create("object", 0);
	char why[512] = "";

	assert_true(object_writer__write(fd, written, the_text, "", "", why, sizeof(why)) < 0);
	assert_non_null(strstr(why, word));
	close(fd);
}

static void what_cannot_be_written_is_named(void **state)
{
	struct bcc_program no_hook = {.name = "my_function", .insns = insns + 2, .insn_count = 2};
	struct bcc_field no_size = {"when", "struct timespec"};
	struct bcc_module written = module();
	(void)state;

	written.programs = &no_hook;
	written.program_count = 1;
	assert_not_written(&written, "my_function");
	written = module();
	written.event_fields = &no_size;
	written.event_field_count = 1;
	assert_not_written(&written, "struct timespec");
	no_size.type = "when_t";
	assert_not_written(&written, "when_t");
	written = module();
	written.map_count = 1; /* a reference to a map that is not there */
	assert_not_written(&written, "kprobe__tcp_v4_connect");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(libbpf_reads_programs_and_maps),
		cmocka_unit_test(btf_tells_the_events_layout),
		cmocka_unit_test(btf_tells_typedefs_of_the_text),
		cmocka_unit_test(a_storage_has_types),
		cmocka_unit_test(what_cannot_be_written_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
