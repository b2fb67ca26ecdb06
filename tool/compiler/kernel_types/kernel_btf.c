// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kernel_btf.h"

/* What is known of a type, by its id; bits. */
enum type_state {
	TYPE_WANTED = 1 << 0,  /* to be printed, and complete */
	TYPE_VISITED = 1 << 1, /* btf_dump will print it; what it holds has been visited too */
};

/** A constant of an enum without a name: the probe gets this one alone. */
struct constant {
	uint32_t enum_id;
	uint16_t index;
};

struct selection {
	const struct btf *btf;
	const struct c_text *probe;
	const struct c_text *taken;
	uint8_t *states;
	uint32_t *wanted;
	size_t wanted_count, wanted_capacity;
	size_t used_count; /* of the wanted ones, the first, which the probe uses itself */
	struct constant *constants;
	size_t constant_count;
	const char **renamed;
	size_t renamed_count;
};

static const struct btf_type *type_of(const struct btf *btf, uint32_t id)
{
	return btf__type_by_id(btf, id);
}

static const char *name_of(const struct btf *btf, const struct btf_type *type)
{
	return btf__name_by_offset(btf, type->name_off);
}

static const char *constant_name(const struct btf *btf, const struct btf_type *type,
				 unsigned int index)
{
	return btf__name_by_offset(btf, btf_is_enum64(type) ? btf_enum64(type)[index].name_off
							    : btf_enum(type)[index].name_off);
}

static long long constant_value(const struct btf_type *type, unsigned int index)
{
	if (btf_is_enum64(type))
		return (long long)btf_enum64_value(btf_enum64(type) + index);
	if (btf_kflag(type)) /* some are negative */
		return btf_enum(type)[index].val;
	return (uint32_t)btf_enum(type)[index].val;
}

/* Behind typedefs, const and the like; pointers stay. */
static uint32_t skip_modifiers(const struct btf *btf, uint32_t id)
{
	const struct btf_type *type = type_of(btf, id);

	while (btf_is_mod(type) || btf_is_typedef(type)) {
		id = type->type;
		type = type_of(btf, id);
	}
	return id;
}

/* Has a struct this member, or one of those within it that have no name? */
static bool has_member(const struct btf *btf, uint32_t id, const char *wanted)
{
	const struct btf_type *type = type_of(btf, skip_modifiers(btf, id));
	const struct btf_member *member = btf_members(type);

	if (!btf_is_composite(type))
		return false;
	for (unsigned int i = 0; i < btf_vlen(type); i++, member++) {
		const char *name = btf__name_by_offset(btf, member->name_off);

		if (name[0] ? strcmp(name, wanted) == 0 : has_member(btf, member->type, wanted))
			return true;
	}
	return false;
}

bool kernel_btf__has_ipv6(const struct btf *btf)
{
	int id = btf__find_by_name_kind(btf, "sock_common", BTF_KIND_STRUCT);

	return id > 0 && has_member(btf, (uint32_t)id, "skc_v6_daddr");
}

bool kernel_btf__wraps_syscalls(const struct btf *btf)
{
	static const char *const wrappers[] = {"__x64_sys_", "__ia32_sys_", "__arm64_sys_",
					       "__s390x_sys_", "__riscv_sys_"};
	uint32_t id, count = btf__type_cnt(btf);

	for (id = 1; id < count; id++) {
		const struct btf_type *type = type_of(btf, id);

		for (size_t i = 0; btf_is_func(type) && i < sizeof(wrappers) / sizeof(wrappers[0]);
		     i++)
			if (strncmp(name_of(btf, type), wrappers[i], strlen(wrappers[i])) == 0)
				return true;
	}
	return false;
}

/* Which types. */

static bool own_tag(const struct selection *selection, const char *name)
{
	return c_text__uses(selection->probe, name) & WORD_OWN_TAG;
}

static bool own_name(const struct selection *selection, const char *name)
{
	return c_text__uses(selection->probe, name) & WORD_OWN_NAME;
}

static int want(struct selection *selection, uint32_t id)
{
	if (selection->states[id] & TYPE_WANTED)
		return 0;
	selection->states[id] |= TYPE_WANTED;
	if (selection->wanted_count == selection->wanted_capacity) {
		size_t capacity = selection->wanted_capacity ? 2 * selection->wanted_capacity : 256;
		uint32_t *wanted = reallocarray(selection->wanted, capacity, sizeof(*wanted));

		if (!wanted)
			return -ENOMEM;
		selection->wanted = wanted;
		selection->wanted_capacity = capacity;
	}
	selection->wanted[selection->wanted_count++] = id;
	return 0;
}

/* A struct or union, to be complete: unless it is the compiler's or the probe's own. */
static int want_struct(struct selection *selection, uint32_t id)
{
	const char *name = name_of(selection->btf, type_of(selection->btf, id));

	if (own_tag(selection, name) || c_text__uses(selection->taken, name) & WORD_OWN_TAG)
		return 0;
	return want(selection, id);
}

static int want_constant(struct selection *selection, uint32_t enum_id, unsigned int index)
{
	struct constant *constants;

	constants = reallocarray(selection->constants, selection->constant_count + 1,
				 sizeof(*constants));
	if (!constants)
		return -ENOMEM;
	selection->constants = constants;
	constants[selection->constant_count++] =
		(struct constant){.enum_id = enum_id, .index = (uint16_t)index};
	return 0;
}

/* An enum by its tag, or by one of its constants. */
static int want_named_enum(struct selection *selection, uint32_t id)
{
	const struct btf_type *type = type_of(selection->btf, id);
	const char *tag = name_of(selection->btf, type);

	if (tag[0] &&
	    (own_tag(selection, tag) || c_text__uses(selection->taken, tag) & WORD_OWN_TAG))
		return 0;
	if (tag[0] && c_text__uses(selection->probe, tag) & WORD_TAG)
		return want(selection, id);
	for (unsigned int i = 0; i < btf_vlen(type); i++) {
		const char *name = constant_name(selection->btf, type, i);
		int err;

		if (!(c_text__uses(selection->probe, name) & WORD_PLAIN) ||
		    own_name(selection, name) ||
		    c_text__uses(selection->taken, name) & WORD_OWN_NAME)
			continue;
		err = tag[0] ? want(selection, id) : want_constant(selection, id, i);
		if (err)
			return err;
	}
	return 0;
}

/* What the probe names. */
static int want_named(struct selection *selection, uint32_t id)
{
	const struct btf_type *type = type_of(selection->btf, id);
	const char *name = name_of(selection->btf, type);

	if (btf_is_any_enum(type))
		return want_named_enum(selection, id);
	if (!name[0])
		return 0;
	if (btf_is_composite(type) && c_text__uses(selection->probe, name) & WORD_TAG)
		return want_struct(selection, id);
	if (btf_is_typedef(type) && c_text__uses(selection->probe, name) & WORD_PLAIN &&
	    !own_name(selection, name))
		return want(selection, id);
	return 0;
}

static int add_renamed(struct selection *selection, const char *name)
{
	const char **renamed;

	for (size_t i = 0; i < selection->renamed_count; i++)
		if (strcmp(selection->renamed[i], name) == 0)
			return 0;
	renamed = reallocarray(selection->renamed, selection->renamed_count + 1, sizeof(*renamed));
	if (!renamed)
		return -ENOMEM;
	selection->renamed = renamed;
	renamed[selection->renamed_count++] = name;
	return 0;
}

/* The kernel's type of a tag that somebody else has: it is printed under another name. */
static int rename_tag(struct selection *selection, const char *tag)
{
	bool taken = c_text__uses(selection->taken, tag) & WORD_OWN_TAG || own_tag(selection, tag);

	return taken ? add_renamed(selection, tag) : 0;
}

/* Likewise a constant or typedef. */
static int rename_name(struct selection *selection, const char *name)
{
	bool taken =
		c_text__uses(selection->taken, name) & WORD_OWN_NAME || own_name(selection, name);

	return taken ? add_renamed(selection, name) : 0;
}

static int visit(struct selection *selection, uint32_t id, bool through_pointer, bool named);

static int visit_enum(struct selection *selection, uint32_t id)
{
	const struct btf_type *type = type_of(selection->btf, id);
	const char *tag = name_of(selection->btf, type);
	/*
	 * libbcc's bpf.h makes the constants of some enums with macros: the tag stands for them all
	 */
	bool taken = c_text__uses(selection->taken, tag) & WORD_OWN_TAG;
	int err;

	if (selection->states[id] & TYPE_VISITED)
		return 0;
	selection->states[id] |= TYPE_VISITED;
	err = rename_tag(selection, tag);
	for (unsigned int i = 0; !err && i < btf_vlen(type); i++) {
		const char *name = constant_name(selection->btf, type, i);

		err = taken ? add_renamed(selection, name) : rename_name(selection, name);
	}
	return err;
}

static int visit_struct(struct selection *selection, uint32_t id)
{
	const struct btf_type *type = type_of(selection->btf, id);
	const struct btf_member *member = btf_members(type);
	int err;

	if (selection->states[id] & TYPE_VISITED)
		return 0;
	selection->states[id] |= TYPE_VISITED;
	err = rename_tag(selection, name_of(selection->btf, type));
	for (unsigned int i = 0; !err && i < btf_vlen(type); i++, member++) {
		const char *name = btf__name_by_offset(selection->btf, member->name_off);

		err = visit(selection, member->type, false,
			    c_text__uses(selection->probe, name) != 0);
	}
	return err;
}

static int visit_function(struct selection *selection, uint32_t id)
{
	const struct btf_type *type = type_of(selection->btf, id);
	const struct btf_param *parameter = btf_params(type);
	int err;

	if (selection->states[id] & TYPE_VISITED)
		return 0;
	selection->states[id] |= TYPE_VISITED;
	err = visit(selection, type->type, true, false);
	for (unsigned int i = 0; !err && i < btf_vlen(type); i++, parameter++)
		err = visit(selection, parameter->type, true, false);
	return err;
}

/* Some BTFs only declare what they define elsewhere under the same name. */
static int want_declared(struct selection *selection, uint32_t id)
{
	const struct btf_type *type = type_of(selection->btf, id);
	int found = btf__find_by_name_kind(selection->btf, name_of(selection->btf, type),
					   btf_kflag(type) ? BTF_KIND_UNION : BTF_KIND_STRUCT);

	return found > 0 ? want_struct(selection, (uint32_t)found) : 0;
}

/*
 * Follow what btf_dump will print along with a type: all that is held by value, and enums, typedefs
 * and structs without a name also behind pointers. A struct with a name that is behind a pointer is
 * complete only if the probe names the member that points there.
 */
static int visit(struct selection *selection, uint32_t id, bool through_pointer, bool named)
{
	for (;;) {
		const struct btf_type *type = type_of(selection->btf, id);
		int err;

		switch (btf_kind(type)) {
		case BTF_KIND_PTR:
			through_pointer = true;
			break;
		case BTF_KIND_ARRAY:
			id = btf_array(type)->type;
			through_pointer = false;
			continue;
		case BTF_KIND_TYPEDEF:
			selection->states[id] |= TYPE_VISITED;
			err = rename_name(selection, name_of(selection->btf, type));
			if (err)
				return err;
			break;
		case BTF_KIND_CONST:
		case BTF_KIND_VOLATILE:
		case BTF_KIND_RESTRICT:
		case BTF_KIND_TYPE_TAG:
			break;
		case BTF_KIND_STRUCT:
		case BTF_KIND_UNION:
			if (through_pointer && type->name_off)
				return named ? want_struct(selection, id) : 0;
			return visit_struct(selection, id);
		case BTF_KIND_FWD:
			return named ? want_declared(selection, id) : 0;
		case BTF_KIND_ENUM:
		case BTF_KIND_ENUM64:
			return visit_enum(selection, id);
		case BTF_KIND_FUNC_PROTO:
			return visit_function(selection, id);
		default:
			return 0;
		}
		id = type->type;
	}
}

static int select_types(struct selection *selection, bool all)
{
	uint32_t id, count = btf__type_cnt(selection->btf);
	int err = 0;

	for (id = 1; !err && id < count; id++)
		err = want_named(selection, id);
	selection->used_count = selection->wanted_count;
	for (id = 1; all && !err && id < count; id++) {
		const struct btf_type *type = type_of(selection->btf, id);

		if (btf_is_composite(type) && type->name_off)
			err = want_struct(selection, id);
	}
	for (size_t i = 0; !err && i < selection->wanted_count; i++) /* which grows on the way */
		err = visit(selection, selection->wanted[i], false, true);
	if (!all) /* those behind pointers too */
		selection->used_count = selection->wanted_count;
	return err;
}

/* Printing. */

/* btf_dump's output */
static void print_piece(void *out, const char *format, va_list arguments)
{
	vfprintf(out, format, arguments);
}

static const char *selected_name(const struct selection *selection, size_t i)
{
	const struct constant *constant = &selection->constants[i];

	return constant_name(selection->btf, type_of(selection->btf, constant->enum_id),
			     constant->index);
}

/* Two enums may have a constant of the same name. */
static bool is_repeated(const struct selection *selection, size_t i)
{
	for (size_t earlier = 0; earlier < i; earlier++)
		if (strcmp(selected_name(selection, i), selected_name(selection, earlier)) == 0)
			return true;
	return false;
}

static void print_constants(const struct selection *selection, FILE *out)
{
	for (size_t i = 0; i < selection->constant_count; i++) {
		const struct constant *constant = &selection->constants[i];

		/* one of a type that was printed stands there */
		if (selection->states[constant->enum_id] & TYPE_VISITED ||
		    is_repeated(selection, i))
			continue;
		fprintf(out, "enum { %s = %lld };\n", selected_name(selection, i),
			constant_value(type_of(selection->btf, constant->enum_id),
				       constant->index));
	}
}

/* Does another type that the probe uses have the same name? */
static bool is_ambiguous(const struct selection *selection, size_t i)
{
	const struct btf *btf = selection->btf;
	const char *name = name_of(btf, type_of(btf, selection->wanted[i]));

	for (size_t other = 0; other < selection->used_count; other++)
		if (other != i &&
		    strcmp(name, name_of(btf, type_of(btf, selection->wanted[other]))) == 0)
			return true;
	return false;
}

/*
 * The compiler checks the structs that the probe uses by their size: a layout that cannot be
 * written in C is an error then, and not a wrong value.
 */
static void print_size_checks(const struct selection *selection, FILE *out)
{
	for (size_t i = 0; i < selection->used_count; i++) {
		const struct btf_type *type = type_of(selection->btf, selection->wanted[i]);

		if (!btf_is_composite(type) || is_ambiguous(selection, i))
			continue;
		fprintf(out,
			"_Static_assert(sizeof(%1$s %2$s) == %3$u,"
			" \"the kernel's %1$s %2$s has %3$u bytes\");\n",
			btf_is_struct(type) ? "struct" : "union", name_of(selection->btf, type),
			type->size);
	}
}

static size_t count_printed(const struct selection *selection)
{
	uint32_t id, types = btf__type_cnt(selection->btf);
	size_t count = 0;

	for (id = 1; id < types; id++)
		if (selection->states[id] & TYPE_VISITED && type_of(selection->btf, id)->name_off)
			count++;
	return count;
}

static int print_selection(const struct selection *selection, FILE *out)
{
	struct btf_dump *dump;
	int err = 0;

	dump = btf_dump__new(selection->btf, print_piece, out, NULL);
	if (!dump)
		return -errno;
	for (size_t i = 0; i < selection->renamed_count; i++)
		fprintf(out,
			"#pragma push_macro(\"%1$s\")\n#undef %1$s\n#define %1$s kernel_%1$s\n",
			selection->renamed[i]);
	for (size_t i = 0; !err && i < selection->wanted_count; i++)
		err = btf_dump__dump_type(dump, selection->wanted[i]);
	for (size_t i = 0; i < selection->renamed_count; i++)
		fprintf(out, "#undef %1$s\n#pragma pop_macro(\"%1$s\")\n", selection->renamed[i]);
	print_constants(selection, out);
	print_size_checks(selection, out);
	btf_dump__free(dump);
	return err;
}

int kernel_btf__print(const struct btf *btf, const struct c_text *probe, const struct c_text *taken,
		      bool all, FILE *out, size_t *count)
{
	struct selection selection = {.btf = btf, .probe = probe, .taken = taken};
	int err;

	selection.states = calloc(btf__type_cnt(btf), sizeof(*selection.states));
	if (!selection.states)
		return -ENOMEM;
	err = select_types(&selection, all);
	if (!err)
		err = print_selection(&selection, out);
	*count = count_printed(&selection);
	free(selection.states);
	free(selection.wanted);
	free(selection.constants);
	free(selection.renamed);
	return err;
}
