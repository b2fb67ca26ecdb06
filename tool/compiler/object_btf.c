// SPDX-License-Identifier: Apache-2.0
#include "object_btf.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/btf.h>
#include <linux/btf.h>

#include "object/object_sections.h"

/* The scalar types that a field of the event may have, under the names by which C knows them. */
static const struct scalar {
	const char *name;
	uint32_t size;
	int encoding;
} scalars[] = {
	{"char", 1, BTF_INT_SIGNED},
	{"unsigned char", 1, 0},
	{"u8", 1, 0},
	{"__u8", 1, 0},
	{"uint8_t", 1, 0},
	{"s8", 1, BTF_INT_SIGNED},
	{"bool", 1, BTF_INT_BOOL},
	{"_Bool", 1, BTF_INT_BOOL},
	{"u16", 2, 0},
	{"__u16", 2, 0},
	{"__be16", 2, 0},
	{"uint16_t", 2, 0},
	{"s16", 2, BTF_INT_SIGNED},
	{"short", 2, BTF_INT_SIGNED},
	{"unsigned short", 2, 0},
	{"u32", 4, 0},
	{"__u32", 4, 0},
	{"__be32", 4, 0},
	{"uint32_t", 4, 0},
	{"pid_t", 4, BTF_INT_SIGNED},
	{"s32", 4, BTF_INT_SIGNED},
	{"int", 4, BTF_INT_SIGNED},
	{"unsigned int", 4, 0},
	{"u64", 8, 0},
	{"__u64", 8, 0},
	{"__be64", 8, 0},
	{"uint64_t", 8, 0},
	{"s64", 8, BTF_INT_SIGNED},
	{"long", 8, BTF_INT_SIGNED},
	{"unsigned long", 8, 0},
	{"long long", 8, BTF_INT_SIGNED},
	{"unsigned long long", 8, 0},
};

/*
 * A type as libbcc writes it: a scalar, perhaps with one dimension, with or without a blank before
 * it.
 */
struct field_type {
	const struct scalar *scalar;
	uint32_t elements; /* 0: no array */
	uint32_t size;	   /* bytes in all */
};

static int parse_field_type(const char *type, struct field_type *parsed)
{
	const char *bracket = strchr(type, '[');
	size_t length = bracket ? (size_t)(bracket - type) : strlen(type);

	while (length && isspace((unsigned char)type[length - 1]))
		length--;
	*parsed = (struct field_type){0};
	for (size_t i = 0; i < sizeof(scalars) / sizeof(scalars[0]); i++)
		if (strlen(scalars[i].name) == length && memcmp(scalars[i].name, type, length) == 0)
			parsed->scalar = &scalars[i];
	if (!parsed->scalar)
		return -ENOTSUP;
	parsed->size = parsed->scalar->size;
	if (bracket) {
		char *end;
		unsigned long elements = strtoul(bracket + 1, &end, 10);

		if (strcmp(end, "]") != 0 || elements == 0 || elements > 65536)
			return -ENOTSUP;
		parsed->elements = elements;
		parsed->size *= elements;
	}
	return 0;
}

static int add_scalar(struct btf *btf, const struct scalar *scalar)
{
	int id = btf__find_by_name_kind(btf, scalar->name, BTF_KIND_INT);

	return id > 0 ? id : btf__add_int(btf, scalar->name, scalar->size, scalar->encoding);
}

/* An array's type, and the type of the numbers that count its elements. */
static int add_array(struct btf *btf, int element, uint32_t elements)
{
	int index = btf__find_by_name_kind(btf, "int", BTF_KIND_INT);

	return index < 0 ? index : btf__add_array(btf, index, element, elements);
}

static uint32_t align(uint32_t offset, uint32_t size)
{
	return (offset + size - 1) / size * size;
}

/* Bytes of the whole struct, laid out by the rules of C. */
static int event_size(const struct bcc_module *module, uint32_t *size, char *why, size_t why_size)
{
	uint32_t offset = 0, widest = 1;

	for (size_t i = 0; i < module->event_field_count; i++) {
		const struct bcc_field *field = &module->event_fields[i];
		struct field_type type;

		if (parse_field_type(field->type, &type) != 0) {
			snprintf(why, why_size,
				 "the event's field '%s' has the type '%s'; it may be an integer "
				 "or an array of integers",
				 field->name, field->type);
			return -ENOTSUP;
		}
		if (type.scalar->size > widest)
			widest = type.scalar->size;
		offset = align(offset, type.scalar->size) + type.size;
	}
	*size = align(offset, widest);
	return 0;
}

static int add_event(struct btf *btf, const struct bcc_module *module, char *why, size_t why_size)
{
	uint32_t size, offset = 0;
	int err = event_size(module, &size, why, why_size);
	int *types;

	if (err)
		return err;
	types = calloc(module->event_field_count + 1, sizeof(*types));
	if (!types)
		return -ENOMEM;
	for (size_t i = 0; i < module->event_field_count && !err; i++) {
		struct field_type type;

		parse_field_type(module->event_fields[i].type, &type);
		types[i] = add_scalar(btf, type.scalar);
		if (types[i] > 0 && type.elements)
			types[i] = add_array(btf, types[i], type.elements);
		err = types[i] < 0 ? types[i] : 0;
	}
	if (!err)
		err = btf__add_struct(btf, OBJECT_EVENT_STRUCT, size);
	for (size_t i = 0; i < module->event_field_count && err >= 0; i++) {
		struct field_type type;

		parse_field_type(module->event_fields[i].type, &type);
		offset = align(offset, type.scalar->size);
		err = btf__add_field(btf, module->event_fields[i].name, types[i], offset * 8, 0);
		offset += type.size;
	}
	free(types);
	return err < 0 ? err : 0;
}

/* One attribute of a map: a pointer to an array whose length is the value, libbpf's __uint(). */
struct attribute {
	const char *name;
	uint32_t value;
	int type;
};

/* Returns the type of the map's variable. */
static int add_map_struct(struct btf *btf, const struct bcc_map *map)
{
	struct attribute attributes[] = {
		{"type", map->type, 0},
		{"key_size", map->key_size, 0},
		{"value_size", map->value_size, 0},
		{"max_entries", map->max_entries, 0},
		{"map_flags", map->flags, 0},
	};
	const size_t count = sizeof(attributes) / sizeof(attributes[0]);
	int element = btf__find_by_name_kind(btf, "int", BTF_KIND_INT);
	int id, err;

	_Static_assert(sizeof(attributes) / sizeof(attributes[0]) * 8 == OBJECT_BTF_MAP_SIZE,
		       "a pointer for each attribute");
	for (size_t i = 0; i < count; i++) {
		int array = add_array(btf, element, attributes[i].value);

		attributes[i].type = array < 0 ? array : btf__add_ptr(btf, array);
		if (attributes[i].type < 0)
			return attributes[i].type;
	}
	id = btf__add_struct(btf, NULL, OBJECT_BTF_MAP_SIZE);
	for (size_t i = 0; i < count && id >= 0; i++) {
		err = btf__add_field(btf, attributes[i].name, attributes[i].type, i * 64, 0);
		if (err < 0)
			return err;
	}
	return id;
}

static int add_maps(struct btf *btf, const struct bcc_module *module)
{
	int *variables = calloc(module->map_count + 1, sizeof(*variables));
	int err = 0;

	if (!variables)
		return -ENOMEM;
	for (size_t i = 0; i < module->map_count && err >= 0; i++) {
		err = add_map_struct(btf, &module->maps[i]);
		if (err >= 0)
			err = variables[i] = btf__add_var(btf, module->maps[i].name,
							  BTF_VAR_GLOBAL_ALLOCATED, err);
	}
	if (err >= 0)
		err = btf__add_datasec(btf, ".maps", module->map_count * OBJECT_BTF_MAP_SIZE);
	for (size_t i = 0; i < module->map_count && err >= 0; i++)
		err = btf__add_datasec_var_info(btf, variables[i], i * OBJECT_BTF_MAP_SIZE,
						OBJECT_BTF_MAP_SIZE);
	free(variables);
	return err < 0 ? err : 0;
}

int object_btf__make(const struct bcc_module *module, struct btf **btf, char *why, size_t why_size)
{
	struct btf *made = btf__new_empty();
	int err;

	snprintf(why, why_size, "cannot write the object's BTF");
	if (!made)
		return -errno;
	err = btf__add_int(made, "int", 4, BTF_INT_SIGNED);
	if (err >= 0 && module->event_field_count)
		err = add_event(made, module, why, why_size);
	if (err >= 0 && module->map_count)
		err = add_maps(made, module);
	if (err < 0) {
		btf__free(made);
		return err;
	}
	*btf = made;
	return 0;
}
