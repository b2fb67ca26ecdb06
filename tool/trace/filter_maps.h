/* SPDX-License-Identifier: Apache-2.0 */
/* Fills the maps of filters: lists that are too long for the text, and whose numbers -p means. */
#ifndef TCPCONNECT_FILTER_MAPS_H
#define TCPCONNECT_FILTER_MAPS_H

#include "options.h"

struct bpf_object;

/**
 * @brief Put what the user listed into the object's maps, if it has such, and the PID namespace
 * that processes are numbered in. An object that can't number them so is one line on stderr.
 * @param object loaded
 * @return 0, or a negative errno after one line on stderr: also when there is a long list and no
 * map, or a map and no list
 */
int filter_maps__fill(const struct bpf_object *object, const struct options *options);

#endif
