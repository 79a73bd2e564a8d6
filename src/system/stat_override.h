/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* /var/lib/dpkg/statoverride (dpkg-statoverride(1)): owners and modes that an administrator wants,
 * in place of those of the packages. Pure. */

#include <stdbool.h>
#include <stddef.h>

/* Is @path in it? A line is "USER GROUP MODE PATH". */
bool stat_override_names(const char *data, size_t size, const char *path);
