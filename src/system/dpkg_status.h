/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* dpkg's database of what is installed (/var/lib/dpkg/status, dpkg(1)). Pure, and one pass over it.
 */

#include <stdbool.h>
#include <stddef.h>

struct dpkg_package {
    char name[128];                     /* "" when the paragraph has none */
    char want[32], flag[32], state[32]; /* "install", "ok", "half-configured" */
};

struct dpkg_walk {
    const char *at, *end;
};

#define DPKG_WALK(data, size) ((struct dpkg_walk){.at = (data), .end = (data) + (size)})

/* The next paragraph with a status. False at the end. */
bool dpkg_status_next(struct dpkg_walk *w, struct dpkg_package *ret);
