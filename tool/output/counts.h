/* SPDX-License-Identifier: Apache-2.0 */
/* Connects counted by addresses and port: the table of -c. */
#ifndef TCPCONNECT_COUNTS_H
#define TCPCONNECT_COUNTS_H

#include <stdbool.h>
#include <stdio.h>

#include "trace/event.h"

/** @brief Put IPv4 before IPv6, and the most connects first. */
void counts__sort(struct counted_flow *flows, size_t count);

/**
 * @brief Print an empty line, the header and a row for each flow.
 * @param flows is sorted
 * @param results are known: a column says how many failed
 */
void counts__print(FILE *out, struct counted_flow *flows, size_t count, bool results);

#endif
