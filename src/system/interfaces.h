/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* ifupdown's /etc/network/interfaces (interfaces(5)). Pure. */

#include "system/lines.h"

struct interfaces_walk {
    struct lines lines;
    bool in_stanza, continued;
};

#define INTERFACES_WALK(data, size) ((struct interfaces_walk){.lines = LINES_OF(data, size)})

/* Why ifup(8) stops at the next line that it does not take, whose number is then in .lines; NULL at
 * the end. */
const char *interfaces_next_problem(struct interfaces_walk *w);
