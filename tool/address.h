/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TCPCONNECT_ADDRESS_H
#define TCPCONNECT_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

/** A buffer for an address in words. */
typedef char address_text[INET6_ADDRSTRLEN];

/** @brief An address in words (inet_ntop(3)), in the buffer that it is given. */
const char *address__format(int family, const uint8_t address[16], address_text text);

/** @brief Is it 127.0.0.1 or ::1? */
bool address__is_localhost(int family, const uint8_t address[16]);

#endif
