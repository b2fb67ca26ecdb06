/* SPDX-License-Identifier: Apache-2.0 */
/* A root directory that holds a few paths of the host, and a private /tmp that ends with it. */
#ifndef TCPCONNECT_VIEW_H
#define TCPCONNECT_VIEW_H

#include <stddef.h>
#include <sys/types.h>

/**
 * @brief Enter a mount namespace of this process alone, in which there is next to nothing.
 * @param paths, count what is to be seen there, read-only, at the same paths, without links in
 * them; what is not there is left out. A directory is seen with all below it.
 * @param owner, group who owns the private /tmp, mode 0700
 * @return 0; or a negative errno, and then the host is seen as before: mount namespaces may be
 * forbidden, as they are in most containers, and Linux 5.2 is needed
 *
 * Wants CAP_SYS_ADMIN and CAP_SYS_CHROOT. The working directory is / afterwards. The way back is
 * closed when the process gives up its capabilities.
 */
int view__enter(const char *const *paths, size_t count, uid_t owner, gid_t group);

#endif
