// SPDX-License-Identifier: Apache-2.0
#include "event_layout.h"

#include <err.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/btf.h>

#include "event.h"

#define FIELD(name)                                                                    \
	{                                                                              \
#name, offsetof(struct event, name), sizeof(((struct event *)0)->name) \
	}

static const struct field {
	const char *name;
	size_t offset;
	size_t size;
} fields[] = {
	FIELD(time_ns), FIELD(kind), FIELD(family), FIELD(lport), FIELD(dport), FIELD(pid),
	FIELD(tid),	FIELD(uid),  FIELD(length), FIELD(saddr), FIELD(daddr), FIELD(comm),
};

static int check_field(const struct btf *btf, const struct btf_type *type,
		       const struct field *field)
{
	const struct btf_member *member = btf_members(type);

	for (int i = 0; i < btf_vlen(type); i++, member++) {
		if (strcmp(btf__name_by_offset(btf, member->name_off), field->name) != 0)
			continue;
		if (member->offset == field->offset * 8 &&
		    btf__resolve_size(btf, member->type) == (int64_t)field->size)
			return 0;
		break;
	}
	warnx("the probes' struct event does not fit this tool: the field '%s' must be at byte %zu "
	      "and have %zu bytes",
	      field->name, field->offset, field->size);
	return -EINVAL;
}

static bool is_fixed(const char *name)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (strcmp(fields[i].name, name) == 0)
			return true;
	return false;
}

/* Follows typedefs and one array down to the integer, and notes what is on the way. */
static void describe(const struct btf *btf, uint32_t id, struct event_member *member)
{
	const struct btf_type *type = btf__type_by_id(btf, id);

	member->size = (size_t)btf__resolve_size(btf, id);
	while (btf_is_typedef(type) || btf_is_array(type)) {
		if (btf_is_typedef(type) && !member->type)
			member->type = btf__name_by_offset(btf, type->name_off);
		id = btf_is_array(type) ? btf_array(type)->type : type->type;
		if (btf_is_array(type))
			member->element = (size_t)btf__resolve_size(btf, id);
		type = btf__type_by_id(btf, id);
	}
	if (!member->type)
		member->type = btf__name_by_offset(btf, type->name_off);
	if (!btf_is_int(type))
		return;
	member->is_signed = btf_int_encoding(type) & BTF_INT_SIGNED;
	member->is_bool = btf_int_encoding(type) & BTF_INT_BOOL;
	member->is_char = strcmp(btf__name_by_offset(btf, type->name_off), "char") == 0;
}

static int read_members(const struct btf *btf, const struct btf_type *type,
			struct event_layout *layout)
{
	const struct btf_member *member = btf_members(type);

	layout->members = calloc(btf_vlen(type), sizeof(*layout->members));
	if (!layout->members) {
		warnx("out of memory");
		return -ENOMEM;
	}
	layout->count = btf_vlen(type);
	layout->size = type->size;
	for (size_t i = 0; i < layout->count; i++, member++) {
		const char *name = btf__name_by_offset(btf, member->name_off);

		layout->members[i] = (struct event_member){
			.name = name, .offset = member->offset / 8, .is_fixed = is_fixed(name)};
		describe(btf, member->type, &layout->members[i]);
	}
	return 0;
}

int event_layout__read(const struct btf *btf, struct event_layout *layout)
{
	int id = btf ? btf__find_by_name_kind(btf, "event", BTF_KIND_STRUCT) : -ENOENT;
	const struct btf_type *type;
	int err = 0;

	*layout = (struct event_layout){0};
	if (id < 0) {
		warnx("the probes send no struct event through the perf output 'events'");
		return -EINVAL;
	}
	type = btf__type_by_id(btf, id);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]) && !err; i++)
		err = check_field(btf, type, &fields[i]);
	return err ? err : read_members(btf, type, layout);
}

const struct event_member *event_layout__find(const struct event_layout *layout, const char *name)
{
	for (size_t i = 0; i < layout->count; i++)
		if (strcmp(layout->members[i].name, name) == 0)
			return &layout->members[i];
	return NULL;
}

const struct event_member *event_layout__find_typed(const struct event_layout *layout,
						    const char *name, const char *type, size_t size)
{
	const struct event_member *member = event_layout__find(layout, name);

	return member && strcmp(member->type, type) == 0 && member->size == size ? member : NULL;
}

void event_layout__free(struct event_layout *layout)
{
	free(layout->members);
	*layout = (struct event_layout){0};
}
