/* SPDX-License-Identifier: Apache-2.0 */
/* The BPF C text for what the user asked: a few #define lines, then the probe files. */
#ifndef TCPCONNECT_PROBE_TEXT_H
#define TCPCONNECT_PROBE_TEXT_H

#include "options.h"

/** How connects are hooked, once ATTACH_AUTO is decided. */
enum hooks {
	HOOKS_KPROBE,
	HOOKS_SOCKOPS,
};

/**
 * @brief Write the text.
 * @param options the filters, and whether connects are counted or named
 * @param hooks which probe files are taken
 * @param directory where the probe files are
 * @param text on success: allocated, for free()
 * @return 0, or a negative errno after one line on stderr
 */
int probe_text__make(const struct options *options, enum hooks hooks, const char *directory,
		     char **text);

#endif
