/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The kernel command line that the target's boot loader gives. */

#include <stddef.h>

/* From the tree's own configuration into @ret; "" when none is found. */
void cmdline_inspect(int root_fd, char *ret, size_t size);

/* The arguments of the first entry of a grub.cfg: what follows the kernel's path on the first
 * "linux" line. 0 or -ENOENT. Pure. */
int cmdline_from_grub(const char *text, char *ret, size_t size);

/* The value of @key ("options", "append") in a file of lines "key value", as BLS entries and
 * extlinux.conf are. 0 or -ENOENT. Pure. */
int cmdline_from_lines(const char *text, const char *key, char *ret, size_t size);
