/* SPDX-License-Identifier: Apache-2.0 */
/* What libbcc's own headers define, whichever libbcc runs here. */
#ifndef TCPCONNECT_KERNEL_TYPES_LIBBCC_H
#define TCPCONNECT_KERNEL_TYPES_LIBBCC_H

#include "kernel_types_text.h"

/**
 * @brief Read the bpf.h that libbcc puts before every program, to learn which names are taken.
 * @return 0, -ENOENT when this process has no libbcc or it does not hold the header as text, or -ENOMEM
 *
 * libbcc carries the header inside itself (src/cc/compat/linux/virtual_bpf.h), a newer one with each version,
 * and has no function to ask for it: it is found in the loaded library's read-only data, by its include guard.
 */
int libbcc__read_bpf_h(struct c_text *text);

#endif
