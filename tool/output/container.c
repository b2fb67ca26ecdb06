// SPDX-License-Identifier: Apache-2.0
#include "container.h"

#include <stdlib.h>
#include <string.h>

#define HEX_ID_LENGTH 64

enum id_kind {
	HEX_ID,
	NAME,
	UNIT_NAME, /* with "\x2d" for "-", as systemd escapes names of units */
};

/* A part of a path between two slashes. */
struct part {
	const char *text;
	size_t length;
};

/*
 * What a container's part of the path looks like: `prefix`, the id, `suffix`. A scope or service is
 * made where systemd manages the cgroups, a plain directory where the engine does it itself.
 * "SLICE:ENGINE:ID" is how runtimes are told of a scope. Where one that makes plain directories is
 * told so, it takes that for the directory's name.
 */
static const struct form {
	const char *prefix;
	const char *suffix;
	const char *parent;	/* the part before must be this one */
	const char *child_not;	/* the part behind must not be this one */
	const char *prefix_not; /* a prefix of other things */
	enum id_kind kind;
	bool behind_slice; /* "SLICE:" stands before the prefix */
} forms[] = {
	/* /docker/ID, /kubepods/besteffort/podUID/ID, /nerdctl/ID, /k8s.io/ID, /ecs/TASK/ID */
	{.kind = HEX_ID, .prefix = "", .suffix = ""},
	{.kind = HEX_ID, .prefix = "docker-", .suffix = ".scope"},
	{.kind = HEX_ID, .prefix = "docker:", .suffix = "", .behind_slice = true},
	{.kind = HEX_ID, .prefix = "libpod-", .suffix = ".scope"},
	{.kind = HEX_ID, .prefix = "libpod-", .suffix = ""},
	/* podman run --cgroups=split, and thus Quadlet's services */
	{.kind = HEX_ID, .prefix = "libpod-payload-", .suffix = ""},
	{.kind = HEX_ID, .prefix = "cri-containerd-", .suffix = ".scope"},
	{.kind = HEX_ID, .prefix = "cri-containerd:", .suffix = "", .behind_slice = true},
	{.kind = HEX_ID, .prefix = "nerdctl-", .suffix = ".scope"},
	{.kind = HEX_ID, .prefix = "crio-", .suffix = ".scope"},
	{.kind = HEX_ID, .prefix = "crio-", .suffix = ""},
	{.kind = HEX_ID, .prefix = "crio:", .suffix = "", .behind_slice = true},
	{.kind = UNIT_NAME,
	 .prefix = "systemd-nspawn@",
	 .suffix = ".service",
	 .child_not = "supervisor"},
	/* registered with systemd-machined: systemd-nspawn by hand, libvirt's LXC; QEMU is no container */
	{.kind = UNIT_NAME,
	 .prefix = "machine-",
	 .suffix = ".scope",
	 .child_not = "supervisor",
	 .prefix_not = "machine-qemu\\x2d"},
	{.kind = NAME, .prefix = "lxc.payload.", .suffix = ""},
	{.kind = NAME, .prefix = "", .suffix = "", .parent = "lxc.payload"},
	{.kind = NAME, .prefix = "", .suffix = "", .parent = "lxc"},
};

static bool part__is(const struct part *part, const char *text)
{
	return part->length == strlen(text) && memcmp(part->text, text, part->length) == 0;
}

static bool part__starts(const struct part *part, const char *prefix)
{
	size_t length = strlen(prefix);

	return part->length >= length && memcmp(part->text, prefix, length) == 0;
}

static void part__skip(struct part *part, size_t count)
{
	part->text += count;
	part->length -= count;
}

static bool part__skip_prefix(struct part *part, const char *prefix)
{
	if (!part__starts(part, prefix))
		return false;
	part__skip(part, strlen(prefix));
	return true;
}

static bool part__cut_suffix(struct part *part, const char *suffix)
{
	size_t length = strlen(suffix);

	if (part->length < length ||
	    memcmp(part->text + part->length - length, suffix, length) != 0)
		return false;
	part->length -= length;
	return true;
}

static bool part__skip_slice(struct part *part)
{
	const char *colon = memchr(part->text, ':', part->length);

	if (!colon)
		return false;
	part__skip(part, (size_t)(colon - part->text) + 1);
	return true;
}

/* The part that `path` begins with, and what is left behind its slash. */
static struct part part__take(const char **path)
{
	struct part part = {.text = *path, .length = strcspn(*path, "/")};

	*path += part.length;
	*path += strspn(*path, "/");
	return part;
}

static bool part__is_id(const struct part *part, enum id_kind kind)
{
	if (kind != HEX_ID)
		return part->length > 0;
	return part->length == HEX_ID_LENGTH &&
	       strspn(part->text, "0123456789abcdef") >= HEX_ID_LENGTH;
}

/* `id` begins as the part that is looked at, and becomes what is the id in it. */
static bool form__match(const struct form *form, const struct part *parent,
			const struct part *child, struct part *id)
{
	if (form->parent && !part__is(parent, form->parent))
		return false;
	if (form->child_not && part__is(child, form->child_not))
		return false;
	if (form->prefix_not && part__starts(id, form->prefix_not))
		return false;
	if (form->behind_slice && !part__skip_slice(id))
		return false;
	return part__skip_prefix(id, form->prefix) && part__cut_suffix(id, form->suffix) &&
	       part__is_id(id, form->kind);
}

static const struct form *find_form(const struct part *parent, const struct part *child,
				    struct part *part)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct part id = *part;

		if (form__match(&forms[i], parent, child, &id)) {
			*part = id;
			return &forms[i];
		}
	}
	return NULL;
}

/* One character of a unit's name, "\x2d" being one. What is not written so stands for itself. */
static char take_unit_character(struct part *name)
{
	const char digits[3] = {name->length >= 4 ? name->text[2] : '\0',
				name->length >= 4 ? name->text[3] : '\0'};
	char character = name->text[0];

	if (part__starts(name, "\\x") && strspn(digits, "0123456789abcdefABCDEF") == 2 &&
	    strcmp(digits, "00") != 0) {
		character = (char)strtoul(digits, NULL, 16);
		part__skip(name, 4);
	} else {
		part__skip(name, 1);
	}
	return character;
}

static bool copy_id(struct part name, enum id_kind kind, char *id, size_t size)
{
	size_t length = 0;

	while (name.length > 0 && length + 1 < size) {
		if (kind == UNIT_NAME) {
			id[length++] = take_unit_character(&name);
		} else {
			id[length++] = name.text[0];
			part__skip(&name, 1);
		}
	}
	if (name.length > 0)
		length = 0;
	id[length] = '\0';
	return length > 0;
}

bool container__id(const char *cgroup_path, char *id, size_t size)
{
	const char *rest = cgroup_path + strspn(cgroup_path, "/");
	struct part parent = {.text = "", .length = 0}, part = part__take(&rest), innermost = {0};
	enum id_kind kind = NAME;

	if (size == 0)
		return false;
	while (part.length > 0) {
		struct part child = part__take(&rest), found = part;
		const struct form *form = find_form(&parent, &child, &found);

		if (form) {
			innermost = found;
			kind = form->kind;
		}
		parent = part;
		part = child;
	}
	return copy_id(innermost, kind, id, size);
}
