/* SPDX-License-Identifier: Apache-2.0 */
/* The probe's files: which of them are read for what the user asked, and who may change them. */
#ifndef TCPCONNECT_PROBE_FILES_H
#define TCPCONNECT_PROBE_FILES_H

#include <stdio.h>

#include "options.h"

/**
 * @brief Write the files that are needed, each under a #line with its name, in their order.
 * @param options `attach` is decided
 * @param directory where they are
 * @return 0, or a negative errno after one line on stderr; files that others can change are all
 * named in it
 */
int probe_files__append(const struct options *options, const char *directory, FILE *text);

/**
 * @brief Say on stderr which files of an edited directory are not read, though they were edited.
 * @param directory the user's
 * @param installed what the files were copied from
 */
void probe_files__warn_unread(const struct options *options, const char *directory,
			      const char *installed);

#endif
