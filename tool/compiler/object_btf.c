// SPDX-License-Identifier: Apache-2.0
#include "object_btf.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/btf.h>
#include <linux/btf.h>

#include "kernel_types/tokens.h"
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
	{"__s8", 1, BTF_INT_SIGNED},
	{"__s16", 2, BTF_INT_SIGNED},
	{"__s32", 4, BTF_INT_SIGNED},
	{"__s64", 8, BTF_INT_SIGNED},
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
 * A type as libbcc writes it: a scalar or a typedef of the text, perhaps with one dimension, with or
 * without a blank before it.
 */
struct member_type {
	const struct scalar *scalar;
	char alias[64];	   /* the typedef's name, or empty */
	uint32_t elements; /* 0: no array */
	bool alias_is_array;
	uint32_t size; /* bytes in all */
};

static const struct scalar *find_scalar(const char *name, size_t length)
{
	for (size_t i = 0; i < sizeof(scalars) / sizeof(scalars[0]); i++)
		if (strlen(scalars[i].name) == length && memcmp(scalars[i].name, name, length) == 0)
			return &scalars[i];
	return NULL;
}

/* Takes `[N]` at the end of a type away: its N; 0 when there is none, -ENOTSUP for what is no N. */
static int take_dimension(const char *type, size_t *length)
{
	const char *bracket = memchr(type, '[', *length);
	unsigned long elements;
	char *end;

	if (!bracket)
		return 0;
	elements = strtoul(bracket + 1, &end, 0);
	if (end != type + *length - 1 || *end != ']' || elements == 0 || elements > 65536)
		return -ENOTSUP;
	*length = (size_t)(bracket - type);
	while (*length && isspace((unsigned char)type[*length - 1]))
		--*length;
	return (int)elements;
}

/* `typedef BASE NAME;` or `typedef BASE NAME[N];`: the place of the typedef, or the count of tokens. */
static size_t find_typedef(const struct tokens *tokens, const char *name)
{
	for (size_t i = 0; i < tokens->count; i++) {
		size_t at = i + 1;

		if (!tokens__is(tokens, i, "typedef"))
			continue;
		while (at < tokens->count && tokens->list[at].word && !tokens__is(tokens, at, name))
			at++;
		if (at > i + 1 && tokens__is(tokens, at, name) &&
		    (tokens__is(tokens, at + 1, ";") || tokens__is(tokens, at + 1, "[")))
			return i;
	}
	return tokens->count;
}

/* The scalar behind a typedef whose keyword is token `i`; its words stand apart by blanks. */
static int read_typedef(const struct tokens *tokens, size_t i, struct member_type *parsed)
{
	const struct token *base = &tokens->list[i + 1], *last = base;
	size_t name = i + 2;

	while (!tokens__is(tokens, name, parsed->alias))
		last = &tokens->list[name++];
	parsed->scalar =
		find_scalar(base->start, (size_t)(last->start - base->start) + last->length);
	if (!parsed->scalar)
		return -ENOTSUP;
	if (tokens__is(tokens, name + 1, "[")) {
		if (parsed->elements) /* an array of arrays */
			return -ENOTSUP;
		parsed->alias_is_array = true;
		parsed->elements = (uint32_t)strtoul(tokens->list[name + 2].start, NULL, 0);
		if (!parsed->elements || !tokens__is(tokens, name + 3, "]"))
			return -ENOTSUP;
	}
	return 0;
}

static int parse_type(const struct tokens *text, const char *type, struct member_type *parsed)
{
	size_t length = strlen(type), place;
	int elements = take_dimension(type, &length), err;

	*parsed = (struct member_type){0};
	if (elements < 0)
		return elements;
	parsed->elements = (uint32_t)elements;
	parsed->scalar = find_scalar(type, length);
	if (!parsed->scalar) {
		if (length >= sizeof(parsed->alias))
			return -ENOTSUP;
		memcpy(parsed->alias, type, length);
		place = find_typedef(text, parsed->alias);
		err = place < text->count ? read_typedef(text, place, parsed) : -ENOTSUP;
		if (err)
			return err;
	}
	parsed->size = parsed->scalar->size * (parsed->elements ? parsed->elements : 1);
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

static int add_alias(struct btf *btf, const char *alias, int type)
{
	int id = btf__find_by_name_kind(btf, alias, BTF_KIND_TYPEDEF);

	return id > 0 ? id : btf__add_typedef(btf, alias, type);
}

/* The type of a member: [array of] [typedef of] scalar, or typedef of array of scalar. */
static int add_type(struct btf *btf, const struct member_type *type)
{
	int id = add_scalar(btf, type->scalar);

	if (id > 0 && type->alias[0] && !type->alias_is_array)
		id = add_alias(btf, type->alias, id);
	if (id > 0 && type->elements)
		id = add_array(btf, id, type->elements);
	if (id > 0 && type->alias[0] && type->alias_is_array)
		id = add_alias(btf, type->alias, id);
	return id;
}

static uint32_t align(uint32_t offset, uint32_t size)
{
	return (offset + size - 1) / size * size;
}

/* A member of the event, laid out by the rules of C. */
struct member {
	const char *name;
	uint32_t offset;
	int type;
};

/* Lays the members out and adds their types; `*size` is that of the whole struct. */
static int lay_out(struct btf *btf, const struct bcc_module *module, const struct tokens *text,
		   struct member *members, uint32_t *size, char *why, size_t why_size)
{
	uint32_t offset = 0, widest = 1;

	for (size_t i = 0; i < module->event_field_count; i++) {
		const struct bcc_field *field = &module->event_fields[i];
		struct member_type type;

		if (parse_type(text, field->type, &type) != 0) {
			snprintf(why, why_size,
				 "the event's member '%s' has the type '%s'; it may be an integer, "
				 "a typedef of one, or an array of these",
				 field->name, field->type);
			return -ENOTSUP;
		}
		if (type.scalar->size > widest)
			widest = type.scalar->size;
		offset = align(offset, type.scalar->size);
		members[i] = (struct member){field->name, offset, add_type(btf, &type)};
		if (members[i].type < 0)
			return members[i].type;
		offset += type.size;
	}
	*size = align(offset, widest);
	return 0;
}

static int add_members(struct btf *btf, const struct member *members, size_t count, uint32_t size)
{
	int err = btf__add_struct(btf, OBJECT_EVENT_STRUCT, size);

	for (size_t i = 0; i < count && err >= 0; i++)
		err = btf__add_field(btf, members[i].name, members[i].type, members[i].offset * 8,
				     0);
	return err < 0 ? err : 0;
}

static int add_event(struct btf *btf, const struct bcc_module *module, const char *text, char *why,
		     size_t why_size)
{
	struct member *members = calloc(module->event_field_count, sizeof(*members));
	struct tokens tokens = {0};
	uint32_t size = 0;
	int err = members ? tokens__cut(text, strlen(text), &tokens) : -ENOMEM;

	if (!err)
		err = lay_out(btf, module, &tokens, members, &size, why, why_size);
	if (!err)
		err = add_members(btf, members, module->event_field_count, size);
	free(tokens.list);
	free(members);
	return err;
}

/*
 * Returns the type of the map's variable: each attribute is a pointer, to an array whose length is
 * the value (libbpf's __uint()), or to a type (__type()), which a socket's storage is not made
 * without. Of that nothing but the size counts.
 */
static int add_map_struct(struct btf *btf, const struct bcc_map *map)
{
	const bool typed = map->type == BPF_MAP_TYPE_SK_STORAGE;
	const int element = btf__find_by_name_kind(btf, "int", BTF_KIND_INT);
	const uint32_t value = typed ? map->value_size / sizeof(int) : map->value_size;
	const struct attribute {
		const char *name;
		int type;
	} attributes[] = {
		{"type", add_array(btf, element, map->type)},
		{typed ? "key" : "key_size",
		 typed ? element : add_array(btf, element, map->key_size)},
		{typed ? "value" : "value_size", add_array(btf, element, value)},
		{"max_entries", add_array(btf, element, map->max_entries)},
		{"map_flags", add_array(btf, element, map->flags)},
	};
	const size_t count = sizeof(attributes) / sizeof(attributes[0]);
	int pointers[sizeof(attributes) / sizeof(attributes[0])];
	int id, err;

	_Static_assert(sizeof(attributes) / sizeof(attributes[0]) * 8 == OBJECT_BTF_MAP_SIZE,
		       "a pointer for each attribute");
	for (size_t i = 0; i < count; i++) {
		id = attributes[i].type;
		pointers[i] = id < 0 ? id : btf__add_ptr(btf, id);
		if (pointers[i] < 0)
			return pointers[i];
	}
	id = btf__add_struct(btf, NULL, OBJECT_BTF_MAP_SIZE);
	for (size_t i = 0; i < count && id >= 0; i++) {
		err = btf__add_field(btf, attributes[i].name, pointers[i], i * 64, 0);
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

int object_btf__make(const struct bcc_module *module, const char *text, struct btf **btf, char *why,
		     size_t why_size)
{
	struct btf *made = btf__new_empty();
	int err;

	snprintf(why, why_size, "cannot write the object's BTF");
	if (!made)
		return -errno;
	err = btf__add_int(made, "int", 4, BTF_INT_SIGNED);
	if (err >= 0 && module->event_field_count)
		err = add_event(made, module, text, why, why_size);
	if (err >= 0 && module->map_count)
		err = add_maps(made, module);
	if (err < 0) {
		btf__free(made);
		return err;
	}
	*btf = made;
	return 0;
}
