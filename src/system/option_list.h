/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Options as in fstab and crypttab: words between commas, which may be quoted. Pure. */

#include <stdbool.h>

/* Is @yes in force? Of it and its opposite @no (NULL: it has none) the last one counts, as for
 * systemd-fstab-generator(8) and mount(8). */
bool option_list_says(const char *options, const char *yes, const char *no);
