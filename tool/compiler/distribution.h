/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TCPCONNECT_DISTRIBUTION_H
#define TCPCONNECT_DISTRIBUTION_H

#include <stdbool.h>
#include <stddef.h>

/**
 * @brief How to get a kernel's headers on this distribution, as the end of a sentence.
 * @param release the kernel's release
 * @param elsewhere it is another machine's kernel (--kernel): its headers may be anywhere
 * @param advice, size where it is written
 */
void distribution__headers_advice(const char *release, bool elsewhere, char *advice, size_t size);

#endif
