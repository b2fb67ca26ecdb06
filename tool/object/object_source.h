/* SPDX-License-Identifier: Apache-2.0 */
/* The object for what the user asked: a file (--object), a kept one, or a newly compiled one. */
#ifndef TCPCONNECT_OBJECT_SOURCE_H
#define TCPCONNECT_OBJECT_SOURCE_H

#include <stddef.h>

#include "options.h"

/**
 * @brief Read the object that --object names.
 * @param object, size on success: for free()
 * @return 0, or a negative errno after one line on stderr: it is damaged, others can change it, or
 * it was compiled for another kernel
 */
int object_source__read(const char *path, char **object, size_t *size);

/**
 * @brief Take the text's object from the cache, or compile it and keep it.
 * @param compiler path of tcpconnect-compile
 * @param object, size on success: for free()
 * @return 0, or a negative errno after messages on stderr; -EINTR, with none, when a signal came
 */
int object_source__get(const struct options *options, const char *compiler, const char *text,
		       char **object, size_t *size);

#endif
