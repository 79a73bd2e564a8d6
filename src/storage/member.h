/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Volumes whose contents are not a file system but a part of something, or something closed: how to
 * name them, and with what they are opened. */

#include <stddef.h>

struct member_type {
    const char *type;  /* as libblkid names it */
    const char *state; /* in a word or two, for `list`: "RAID member" */
    const char *what;  /* "a member of a Linux RAID array" */
    const char *opens; /* the command on a host that has it, with DEVICE in it; NULL: assemble.h
                          opens it */
};

/* NULL: a file system, swap, nothing, or something that nobody knows. */
const struct member_type *member_type_find(const char *type);

/* .opens with @node in the place of DEVICE; "" when there is none. Returns @buf. */
char *member_opens(const struct member_type *m, const char *node, char *buf, size_t size);
