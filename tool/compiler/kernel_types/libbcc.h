/* SPDX-License-Identifier: Apache-2.0 */
/* What libbcc brings along, whichever libbcc runs here. */
#ifndef TCPCONNECT_LIBBCC_H
#define TCPCONNECT_LIBBCC_H

#include <stdbool.h>

/**
 * @brief The text of the bpf.h that libbcc puts before every program.
 * @return the text, or NULL when this process has no libbcc or it does not hold the header as text
 *
 * libbcc carries the header inside itself (src/cc/compat/linux/virtual_bpf.h), a newer one with
 * each version, and has no function to ask for it: it is found in the loaded library's read-only
 * data, by its include guard.
 */
const char *libbcc__bpf_h(void);

/**
 * @brief Could a kernel's own uapi/linux/bpf.h stand in for libbcc's?
 * @param bpf_h the text of the kernel's
 * @return true when it names every helper that libbcc's does; false if in doubt
 */
bool libbcc__accepts_bpf_h(const char *bpf_h);

#endif
