/* SPDX-License-Identifier: Apache-2.0 */
/* The section .BTF.ext: which lines of the text the programs come from, for the verifier's log. */
#ifndef TCPCONNECT_OBJECT_BTF_EXT_H
#define TCPCONNECT_OBJECT_BTF_EXT_H

#include <stddef.h>

#include "bcc_module.h"

struct btf;

/**
 * @brief Make the section (Documentation/bpf/btf.rst, "The .BTF.ext section").
 * @param text what was compiled; its lines are found by their file, which a #line names
 * @param btf the object's: functions and strings are added to it
 * @param bytes, size on success: for free(); NULL and 0 where no program has lines
 * @return 0 or a negative errno
 */
int object_btf_ext__make(const struct bcc_module *module, const char *text, struct btf *btf,
			 void **bytes, size_t *size);

#endif
