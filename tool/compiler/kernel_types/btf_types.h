/* SPDX-License-Identifier: Apache-2.0 */
/* Headers made from a kernel's BTF: a handful, with its types in vmlinux.h. */
#ifndef TCPCONNECT_BTF_TYPES_H
#define TCPCONNECT_BTF_TYPES_H

#include "c_text.h"
#include "types_tree.h"

/** @brief Fill a tree with the types that a text names, and what they need. */
int btf_types__fill_named(const struct kernel_types_source *source, struct c_text *probe,
			  struct types_tree *tree);

/** @brief Fill it with every struct and union that the kernel has. */
int btf_types__fill_all(const struct kernel_types_source *source, struct c_text *probe,
			struct types_tree *tree);

#endif
