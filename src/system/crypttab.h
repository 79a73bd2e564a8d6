/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The target's /etc/crypttab (crypttab(5)): under which names its encrypted volumes are opened, and
 * with what. Pure: text in, data out; a line that is no entry is passed over. */

#include <stdbool.h>
#include <stddef.h>

#define CRYPTTAB_ENTRIES_MAX 32

struct crypttab_entry {
    unsigned line;       /* 1-based */
    char name[128];      /* of the mapping: no slash in it, not "." or "..", "control" */
    char source[512];    /* "UUID=...", "/dev/sda3"; as fstab's sources, see device_name_split() */
    char key[1024];      /* absolute path of a key file in the target; "" when there is none */
    bool noauto, nofail; /* the boot does not open it; it does not wait for it */
};

/* Parse @size bytes. Returns how many entries are in @ret, at most @max. */
unsigned crypttab_parse(const char *data, size_t size, struct crypttab_entry *ret, unsigned max);
