/* SPDX-License-Identifier: Apache-2.0 */
/* What a compiled object says about itself, and whether it is still what was written. */
#ifndef TCPCONNECT_OBJECT_H
#define TCPCONNECT_OBJECT_H

#include <stddef.h>

#include "kernel_identity.h"

/** No object is larger than this, in bytes. */
#define OBJECT_MAX (64 * 1024 * 1024)

/** Bytes that a seal takes behind the ELF file, which ELF readers pass over. */
#define OBJECT_SEAL_SIZE 27

/** @brief Write the seal, a line with the CRC-32 of the `size` bytes before it. */
void object__seal(const void *elf, size_t size, char seal[OBJECT_SEAL_SIZE + 1]);

/**
 * @brief Check that an object is whole.
 * @param bytes, size the ELF file and its seal
 * @return 0, or -EBADMSG when it was cut or changed, or is no object of this tool
 */
int object__check(const void *bytes, size_t size);

/**
 * @brief Find a section's bytes within an object.
 * @return 0, or -ENOENT
 */
int object__section(const void *bytes, size_t size, const char *name, const char **section,
		    size_t *section_size);

/** @brief The kernel that an object was compiled for; 0 or -ENOENT, -EINVAL. */
int object__kernel(const void *bytes, size_t size, struct kernel_identity *kernel);

#endif
