/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The object's BTF: a variable for each map, as libbpf's loader wants it, and the events' struct.
 */
#ifndef TCPCONNECT_OBJECT_BTF_H
#define TCPCONNECT_OBJECT_BTF_H

#include "bcc_module.h"

struct btf;

/** Bytes that each map's variable takes in `.maps`: one pointer for each of five attributes. */
#define OBJECT_BTF_MAP_SIZE 40

/**
 * @brief Make the BTF of a module.
 * @param module its maps come in the order of their offsets in `.maps`, OBJECT_BTF_MAP_SIZE apart
 * @param text what it was compiled from: its typedefs are those that members of the event may have
 * @param btf on success, to be freed with btf__free()
 * @param why, why_size on failure: what failed, in words
 * @return 0 or a negative errno; -ENOTSUP for a field whose type has no known size
 */
int object_btf__make(const struct bcc_module *module, const char *text, struct btf **btf, char *why,
		     size_t why_size);

#endif
