/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The running host as something to examine, before it is rebooted: its tree as it is mounted, and
 * the disks that it lives on, which are in use. They are opened to be read, without a lock and
 * without a loop device; nothing is checked, replayed or assembled. Other disks that are attached
 * are none of its own: a patient's, a backup's.
 */

#include "base/error.h"
#include "faults/examination.h"
#include "storage/assemble.h"
#include "storage/read_errors.h"
#include "system/linux_system.h"

#include <limits.h>

struct running_host {
    struct linux_system system;
    int root_fd;
    const struct examination *examination; /* that it was opened for */
    struct disk_set set;                   /* its disks, then what it has active on them */
    unsigned disk_count;                   /* of those, the disks */
    char not_opened[512];                  /* why a disk of its own was not; safe text; "" */
    char root_subvolume[PATH_MAX];
    struct read_errors read_errors;
};

/* Fill *ret, which borrows from *h. running_host_close() is the caller's, in either case, after
 * examination_close(). */
int running_host_open(struct examination *ret, struct running_host *h, struct error *e);
void running_host_close(struct running_host *h);
