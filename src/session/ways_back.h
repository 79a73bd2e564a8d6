/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The earlier states that a system can go back to: the kernel that last came up, a snapshot, an
 * OSTree deployment, the other one of two roots. Going back is the first remedy where it exists: it
 * asks for no understanding of what is wrong.
 */

#include "session/patient.h"
#include "system/history.h"

#include <stdbool.h>
#include <time.h>

#define WAYS_BACK_MAX 8

enum way_back_kind { WAY_BACK_KERNEL, WAY_BACK_SNAPSHOT, WAY_BACK_DEPLOYMENT, WAY_BACK_SLOT };

struct way_back {
    enum way_back_kind kind;
    time_t when;         /* what state it is: made then; a slot: booted last then; 0 unknown */
    bool before_changes; /* older than what is known to be changed since the last good boot */
    bool without_boot;   /* /boot is another file system: it is not of that time */
    char system[400];    /* for --system=; safe text; "" a kernel */
    char what[256];      /* "kernel 6.1.0-28-amd64", "snapshot \"before the upgrade\""; safe text */
    char how[128];       /* how the machine is made to boot it; safe text; "" */
};

struct ways_back {
    struct way_back items[WAYS_BACK_MAX];
    unsigned count;
};

/* Of each kind the one to try first. @p: NULL when no disks are known. @inside: the system that is
 * to go back, as it is now. */
void ways_back_find(const struct patient *p, const struct linux_system *inside,
                    const struct history *h, struct ways_back *ret);

/* "kernel", "snapshot" ...: for JSON. */
const char *way_back_kind_name(enum way_back_kind k);
