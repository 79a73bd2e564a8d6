/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The machines that a disk may go back to (`--for=`), and what a kernel needs to see its disk
 * there. */

#include <stddef.h>

struct machine_need {
    const char *what;
    const char *modules[8]; /* any of these */
};

struct machine {
    const char *name; /* "virtio" */
    const char *description;
    struct machine_need needs[3];
    const char *disks; /* how its disks are named: prefixes, blank-separated: "vd sd" */
};

extern const struct machine machines[];
extern const size_t machine_count;

/* The machine of that name, or NULL. */
const struct machine *machine_find(const char *name);
