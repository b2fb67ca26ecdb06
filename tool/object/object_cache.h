/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compiled objects, kept: same text, same kernel, same makers, and clang is not started. Whatever is wrong with
 * the cache costs the cache, never the run.
 */
#ifndef TCPCONNECT_OBJECT_CACHE_H
#define TCPCONNECT_OBJECT_CACHE_H

#include <stdbool.h>
#include <stddef.h>

#include "kernel_identity.h"

/** Where objects are kept unless --cache says otherwise. */
#define OBJECT_CACHE_DEFAULT "/var/cache/tcpconnect"

/** Objects kept at most; the one that was not used for longest goes first. */
#define OBJECT_CACHE_MAX 64

/** What is asked for; the strings stay the caller's. */
struct object_cache {
	const char *directory;
	const char *compiler; /* path of what compiles when nothing is found */
	bool verbose;	      /* say on stderr what was found, and why it was not used */
};

/**
 * @brief Find the object that was compiled from this text for this kernel.
 * @param object, size on success: for free()
 * @return 0, or -ENOENT when there is none that can be trusted
 *
 * The file's name is a hash of text and kernel; these, and who made it, are compared in full with
 * what the object carries. A file that is damaged, linked, or writable by others is passed over.
 */
int object_cache__find(const struct object_cache *cache, const char *text,
		       const struct kernel_identity *kernel, char **object, size_t *size);

/** @brief Keep an object; drops the longest unused ones above the limit. */
void object_cache__store(const struct object_cache *cache, const char *text,
			 const struct kernel_identity *kernel, const void *object, size_t size);

#endif
