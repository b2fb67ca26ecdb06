/* SPDX-License-Identifier: Apache-2.0 */
/* Maps that others pinned and fill, for --cgroupmap and --mntnsmap. */
#ifndef TCPCONNECT_PINNED_MAP_H
#define TCPCONNECT_PINNED_MAP_H

struct bpf_object;

/**
 * @brief Put the pinned map in the place of an object's map, before the object is loaded.
 * @param object opened
 * @param name the object's map
 * @param path where the other is pinned, or NULL when the user named none
 * @param option the option that names it, for messages
 * @return 0, or a negative errno after one line on stderr; 0 when the object has no such map and
 *         the user named none
 */
int pinned_map__use(struct bpf_object *object, const char *name, const char *path,
		    const char *option);

#endif
