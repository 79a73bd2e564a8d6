/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* netplan's files, as far as a tab makes them unreadable. Pure. */

#include "base/text.h"

#include <stddef.h>

/*
 * The first line (1-based) that libyaml, and so netplan, refuses for a tab before its first word; 0
 * when there is none. Between brackets, in quotes and inside of a literal a tab is allowed. What is
 * wrong besides is not looked for.
 */
unsigned netplan_find_tab(const char *data, size_t size);

/* Append the same with spaces in place of all tabs before the first word of a line. */
int netplan_untab(const char *data, size_t size, struct text *out);
