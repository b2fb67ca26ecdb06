/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's build configuration, which BTF does not tell: only for probes that ask about
 * CONFIG_…
 */
#ifndef TCPCONNECT_KERNEL_CONFIG_H
#define TCPCONNECT_KERNEL_CONFIG_H

#include <stdio.h>

#include "c_text.h"

/**
 * @brief Print `#define`s for the options that a probe names, and what IS_ENABLED() needs.
 * @param release whose configuration: /proc/config.gz, when that kernel is the running one,
 *        /boot/config-RELEASE, /lib/modules/RELEASE/config or /lib/modules/RELEASE/build/.config
 * @return 0; -ENODATA when the probe names options and none of these files can be read; -ENOMEM
 */
int kernel_config__print(const struct c_text *probe, const char *release, FILE *out);

#endif
