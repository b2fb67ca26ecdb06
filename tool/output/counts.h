/* SPDX-License-Identifier: Apache-2.0 */
/* Connects counted by addresses and port: the table of -c. */
#ifndef TCPCONNECT_COUNTS_H
#define TCPCONNECT_COUNTS_H

#include <stdio.h>

#include "trace/tracer.h"

/**
 * @brief Print an empty line, the header and a row for each flow: IPv4 and then IPv6, the most
 *        connects first.
 * @param flows is sorted
 */
void counts__print(FILE *out, struct tracer_flow *flows, size_t count);

#endif
