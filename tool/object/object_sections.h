/* SPDX-License-Identifier: Apache-2.0 */
/* The sections by which an object says what it was made from. */
#ifndef TCPCONNECT_OBJECT_SECTIONS_H
#define TCPCONNECT_OBJECT_SECTIONS_H

/** The text that was compiled, with no terminating zero. */
#define OBJECT_TEXT_SECTION "tcpconnect.text"

/** The kernel it was compiled for: the lines of kernel_identity__write(). */
#define OBJECT_KERNEL_SECTION "tcpconnect.kernel"

/** What made it: the lines of maker__describe(). */
#define OBJECT_MAKER_SECTION "tcpconnect.maker"

/** The name of the BTF struct that tells the events' layout. */
#define OBJECT_EVENT_STRUCT "event"

#endif
