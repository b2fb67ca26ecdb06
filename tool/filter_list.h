/* SPDX-License-Identifier: Apache-2.0 */
/* The filters that are lists of numbers: how each is called in options, text and maps. */
#ifndef TCPCONNECT_FILTER_LIST_H
#define TCPCONNECT_FILTER_LIST_H

#include "options.h"

/** Values that a text carries one after the other at most. */
#define FILTER_LIST_SHORT 8

/** Values that an object in a file has at most: more would be jumps too far for BPF. */
#define FILTER_LIST_BAKED 4096

struct filter_list {
	const char *option; /* for messages */
	const char *define; /* in the text; with _MAP behind it, it is a map's size */
	const char *map;    /* a hash of u32 to u8 */
	size_t values;	    /* the member of struct options, by offset */
};

/** All of them. Ends with one without a define. */
extern const struct filter_list filter_lists[];

/** @brief What the user gave for a filter. */
const struct number_list *filter_list__values(const struct filter_list *filter,
					      const struct options *options);

/** @brief How many entries a map for a list has: the next power of two, so that few texts differ. */
unsigned int filter_list__entries(const struct number_list *list);

#endif
