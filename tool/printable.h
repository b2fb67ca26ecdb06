/* SPDX-License-Identifier: Apache-2.0 */
/* Text from strangers, made harmless for a terminal and for whoever reads rows line by line. */
#ifndef TCPCONNECT_PRINTABLE_H
#define TCPCONNECT_PRINTABLE_H

#include <stddef.h>

/** Bytes that always suffice for `length` bytes of text: each escaped, and the terminator. */
#define PRINTABLE_SIZE(length) (4 * (length) + 1)

/**
 * @brief Copy text, with whatever could move a terminal's cursor or break a row as `\xHH`.
 *
 * Printable ASCII and well-formed UTF-8 pass as they are, so ordinary text comes out byte for byte.
 * Escaped, byte by byte, are: control characters (C0, DEL, and C1 as UTF-8 or as raw bytes), line
 * and paragraph separators, the marks that change the direction of what follows, and bytes that are
 * no UTF-8 (RFC 3629). The form is hexadecimal so that nobody takes it for the decimal `\DDD` that
 * DNS names carry. A backslash passes: the result is to be read, not to be turned back.
 *
 * @param out gets the result and a terminating zero; unused when *size* is 0
 * @param size of *out*; the result ends before the first character or escape that doesn't fit
 * @param in the text; zero bytes in it are escaped, so for a terminated field pass strnlen()
 * @param length of *in*, in bytes
 * @return length of the result in bytes, without the terminator
 */
size_t printable(char *out, size_t size, const char *in, size_t length);

/** Bytes that always suffice for `length` bytes of text made valid UTF-8, and the terminator. */
#define PRINTABLE_UTF8_SIZE(length) (3 * (length) + 1)

/**
 * @brief Copy text as valid UTF-8 (RFC 3629), for a format that escapes what it must itself.
 *
 * Each byte that is part of no character becomes U+FFFD.
 *
 * @param out gets the result and a terminating zero
 * @param size of *out*; the result ends before the first character that doesn't fit
 * @return length of the result in bytes, without the terminator
 */
size_t printable__utf8(char *out, size_t size, const char *in, size_t length);

#endif
