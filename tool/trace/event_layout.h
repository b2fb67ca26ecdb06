/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TCPCONNECT_EVENT_LAYOUT_H
#define TCPCONNECT_EVENT_LAYOUT_H

struct btf;

/**
 * @brief Hold the layout of an object's events against struct event.
 * @param btf the object's BTF
 * @return 0, or -EINVAL after one line on stderr that names the field that is missing or has moved
 */
int event_layout__check(const struct btf *btf);

#endif
