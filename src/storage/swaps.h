/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What this host swaps to (proc_swaps(5)). */

#include <sys/stat.h>

/* Call @each with every device and file that is there, until it answers with non-zero. Returns
 * that, or 0. */
int swaps_each(int (*each)(void *userdata, const char *path, const struct stat *st),
               void *userdata);
