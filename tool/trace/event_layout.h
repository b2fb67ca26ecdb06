/* SPDX-License-Identifier: Apache-2.0 */
/* Which members an object's struct event has: the object's BTF tells. */
#ifndef TCPCONNECT_EVENT_LAYOUT_H
#define TCPCONNECT_EVENT_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct btf;

/** A member, as the probes wrote it. The strings are the BTF's. */
struct event_member {
	const char *name;
	const char *type; /* a typedef's or an integer's name */
	size_t offset;	  /* in bytes */
	size_t size;
	size_t element; /* bytes of an array's element; 0: no array */
	bool is_char, is_signed, is_bool;
	bool is_fixed; /* of the beginning that every struct event has */
};

/** All of them, in their order. Zeroed, there is none. */
struct event_layout {
	struct event_member *members;
	size_t count;
	size_t size; /* of the whole struct */
};

/**
 * @brief Read the layout of an object's events.
 * @param btf the object's BTF, or NULL; it must outlive the layout
 * @param layout on success, for event_layout__free()
 * @return 0, or -EINVAL or -ENOMEM after one line on stderr: the fixed beginning must be this tool's
 */
int event_layout__read(const struct btf *btf, struct event_layout *layout);

/** @brief A member by its name, or NULL; likewise one that also has this type and size. */
const struct event_member *event_layout__find(const struct event_layout *layout, const char *name);
const struct event_member *event_layout__find_typed(const struct event_layout *layout,
						    const char *name, const char *type,
						    size_t size);

void event_layout__free(struct event_layout *layout);

#endif
