// SPDX-License-Identifier: Apache-2.0
#include "event_layout.h"

#include <err.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
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

int event_layout__check(const struct btf *btf)
{
	int id = btf ? btf__find_by_name_kind(btf, "event", BTF_KIND_STRUCT) : -ENOENT;
	const struct btf_type *type;
	int err = 0;

	if (id < 0) {
		warnx("the probes send no struct event through the perf output 'events'");
		return -EINVAL;
	}
	type = btf__type_by_id(btf, id);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]) && !err; i++)
		err = check_field(btf, type, &fields[i]);
	if (!err && type->size != sizeof(struct event)) {
		warnx("the probes' struct event has %u bytes, this tool reads %zu", type->size,
		      sizeof(struct event));
		err = -EINVAL;
	}
	return err;
}
