/* SPDX-License-Identifier: Apache-2.0 */
/* What clang said about a text, and which of several attempts' words the user needs. */
#ifndef TCPCONNECT_DIAGNOSTICS_H
#define TCPCONNECT_DIAGNOSTICS_H

#include <stdbool.h>

/** Zeroed, there is nothing to say. */
struct diagnostics {
	char *said;	   /* clang's messages */
	char *types;	   /* where the types came from in that attempt */
	bool about_probes; /* the first error is in a probe file, not in a header */
};

/**
 * @brief Take in the words of a failed attempt: they replace those of an earlier one, unless only
 *        the earlier ones are about the probes.
 * @param said clang's messages, or NULL
 * @param types where the types came from
 */
void diagnostics__consider(struct diagnostics *best, const char *said, const char *types);

/** @brief Print clang's messages and then one line with what failed and what to do. */
void diagnostics__print(const struct diagnostics *best);

/**
 * @brief Print the warnings about probe files, and leave out those about headers.
 * @param said clang's messages, or NULL
 */
void diagnostics__print_warnings(const char *said);

void diagnostics__free(struct diagnostics *best);

#endif
