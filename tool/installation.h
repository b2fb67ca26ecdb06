/* SPDX-License-Identifier: Apache-2.0 */
/* Where this tool's other parts are: beside it in a build tree, else where it was installed. */
#ifndef TCPCONNECT_INSTALLATION_H
#define TCPCONNECT_INSTALLATION_H

#include <limits.h>

struct installation {
	char compiler[PATH_MAX]; /* the program tcpconnect-compile */
	char probes[PATH_MAX];	 /* the directory of the probe files */
};

/** @brief Find them from where the running executable is. Returns 0 or a negative errno. */
int installation__find(struct installation *installation);

#endif
