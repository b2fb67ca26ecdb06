/* SPDX-License-Identifier: Apache-2.0 */
/* Connects as rows, as they happen: the columns of tcpconnect-bpfcc, byte for byte. */
#ifndef TCPCONNECT_TABLE_H
#define TCPCONNECT_TABLE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "trace/event.h"

/** What the rows look like, and the time of the first one. */
struct table {
	FILE *out;
	bool timestamp;	   /* TIME(s), seconds since the first row */
	bool uid;	   /* UID */
	bool local_port;   /* LPORT */
	bool query;	   /* QUERY */
	uint64_t first_ns; /* 0 until the first row is printed */
};

/** @brief Print the line with the columns' names. */
void table__print_header(const struct table *table);

/**
 * @brief Print a connect.
 * @param query the name behind its address; NULL when nobody asked for one, or for no such column
 * @param query_age_ns from the answer to the connect
 */
void table__print_row(struct table *table, const struct event *event, const char *query,
		      uint64_t query_age_ns);

#endif
