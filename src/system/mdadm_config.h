/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* mdadm.conf(5): which arrays it names. Pure: text in, data out. */

#include <stdbool.h>
#include <stddef.h>

#define MDADM_ARRAYS_MAX 64

struct mdadm_array {
    unsigned line;   /* 1-based, where its ARRAY stands */
    char device[64]; /* "/dev/md/root", "<ignore>"; "" when it is not said; raw */
    char uuid[33];   /* 32 hexadecimal digits, lower case; "" when it is not said */
};

/* Parse @size bytes. A line that begins with a blank goes on the one before; words may be quoted.
 * Returns how many are in @ret, at most @max. */
unsigned mdadm_config_arrays(const char *data, size_t size, struct mdadm_array *ret, unsigned max);

/* The digits of a UUID in whatever grouping ("a:b:c:d", with hyphens), lower case. False when it
 * has not 32 of them. */
bool mdadm_uuid_digits(const char *uuid, char ret[static 33]);
