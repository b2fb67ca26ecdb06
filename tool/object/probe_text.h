/* SPDX-License-Identifier: Apache-2.0 */
/* The BPF C text for what the user asked: a few #define lines, then the probe files. */
#ifndef TCPCONNECT_PROBE_TEXT_H
#define TCPCONNECT_PROBE_TEXT_H

#include "options.h"

/**
 * @brief Write the text.
 * @param options the filters, and whether connects are counted or named; `attach` is decided
 * @param directory where the probe files are
 * @param text on success: allocated, for free()
 * @return 0, or a negative errno after one line on stderr
 *
 * A long list of a filter is a map that the tool fills: then the text is the same for every list of
 * about that length. Where the object is for a file, the list must be in the text.
 */
int probe_text__make(const struct options *options, const char *directory, char **text);

#endif
