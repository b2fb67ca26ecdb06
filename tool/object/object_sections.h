/* SPDX-License-Identifier: Apache-2.0 */
/* The sections by which an object says what it was made from. */
#ifndef TCPCONNECT_OBJECT_SECTIONS_H
#define TCPCONNECT_OBJECT_SECTIONS_H

/** The text that was compiled, with no terminating zero. */
#define OBJECT_TEXT_SECTION "tcpconnect.text"

/**
 * The kernel it was compiled for: lines with the release, the version (may be empty) and the
 * machine.
 */
#define OBJECT_KERNEL_SECTION "tcpconnect.kernel"

/** The name of the BTF struct that tells the events' layout. */
#define OBJECT_EVENT_STRUCT "event"

#endif
