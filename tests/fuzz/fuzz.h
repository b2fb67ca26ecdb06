/* SPDX-License-Identifier: Apache-2.0 */
/* What every harness has: libFuzzer's entry, and a check that ends the run with its place. */
#ifndef TCPCONNECT_FUZZ_H
#define TCPCONNECT_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define CHECK(condition)                                                                        \
	do {                                                                                    \
		if (!(condition)) {                                                             \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                                \
		}                                                                               \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
