/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TCPCONNECT_PRIVILEGE_H
#define TCPCONNECT_PRIVILEGE_H

#include "options.h"

/**
 * @brief Check that this process has the capabilities that tracing takes, before anything else is
 * done.
 * @param attach what will be hooked; decided
 * @return 0, or -EPERM after one line on stderr that names what is missing
 */
int privilege__check(enum attach_choice attach);

#endif
