/* SPDX-License-Identifier: Apache-2.0 */
/* A small tree that leads to the kernel's own headers. */
#ifndef TCPCONNECT_HEADER_TYPES_H
#define TCPCONNECT_HEADER_TYPES_H

#include "c_text.h"
#include "types_tree.h"

/** @brief Fill a tree with what leads to a header package, a build tree, or --headers DIR. */
int header_types__fill_installed(const struct kernel_types_source *source, struct c_text *probe,
				 struct types_tree *tree);

/** @brief The same, from /sys/kernel/kheaders.tar.xz, unpacked. */
int header_types__fill_kheaders(const struct kernel_types_source *source, struct c_text *probe,
				struct types_tree *tree);

#endif
