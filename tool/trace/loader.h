/* SPDX-License-Identifier: Apache-2.0 */
/* Loads an object's programs into the kernel, and says why the kernel refuses one. */
#ifndef TCPCONNECT_LOADER_H
#define TCPCONNECT_LOADER_H

#include <stdbool.h>
#include <stddef.h>

#include "hook.h"

struct bpf_object;

/** What is loaded, and how. */
struct loader_request {
	const void *bytes; /* the ELF object */
	size_t size;
	bool verbose;
	/* make an opened object ready: 0, or a negative errno after one line on stderr */
	int (*prepare)(struct bpf_object *object, void *context);
	void *context;
};

/** What cannot be hooked, so that names are missing: the groups, each said once. */
struct missing_groups {
	bool is_missing[HOOK_GROUPS];
};

/**
 * @brief Mark a program's group as missing, and warn if it was not yet.
 * @param links as for hook__cure()
 */
void missing_groups__add(struct missing_groups *missing, const struct hook_kind *kind, int err,
			 const struct hook_links *links);

/**
 * @brief Load an object.
 * @param missing where the kernel refuses a program that only tells names, its group is added, and
 *        the others are loaded without it
 * @param object on success, for bpf_object__close()
 * @return 0, or a negative errno after the verifier's last lines and one line on stderr
 */
int loader__load(const struct loader_request *request, struct missing_groups *missing,
		 struct bpf_object **object);

#endif
