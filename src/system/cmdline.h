/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The kernel command line that the target's boot loader gives. */

#include <stddef.h>

/* From the tree's own configuration into @ret: of the entry that is booted by default, else of
 * another one; "" when none is found. */
void cmdline_inspect(int root_fd, char *ret, size_t size);

/* One line of words: anything else in @text would be forged, and variables of a boot loader would
 * reach kernel packages as they stand. What does not fit is cut. Pure. */
void cmdline_clean(const char *text, char *ret, size_t size);
