/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What of the target's fstab is mounted where, as plain data: --dry-run prints it, patient_open()
 * executes it. Sources are looked up among the patient's own volumes and nowhere else. */

#include "base/error.h"
#include "storage/check.h"
#include "storage/disk.h"
#include "system/fstab.h"

#include <stdbool.h>

#define MOUNT_PLAN_MAX 128

struct mount_step {
    unsigned line;               /* of /etc/fstab; 0: the root itself */
    const struct volume *volume; /* NULL when skipped */
    char source[256];            /* as fstab writes it; safe text */
    char target[1024];           /* path inside; raw */
    char options[512];           /* handed to the file system */
    bool read_only;              /* fstab says "ro" */
    bool nofail;                 /* fstab says so */
    bool needed;                 /* the boot needs it: it is checked before it is mounted */
    char skipped[256];           /* why it is not mounted; safe text; "" when it is */
    bool mounted;                /* set by the run */
    bool failed;                 /* set by the run: there is something to mount, and it cannot be */
    bool host_lacks;             /* set by the run: failed, for this host's kernel has no driver */
    char fail_reads[256];        /* set by the run: blocks cannot be read; safe text; "" */
    struct check_report check;   /* set by the run */
};

struct mount_plan {
    struct mount_step steps[MOUNT_PLAN_MAX]; /* parents before children */
    unsigned count;
};

/*
 * Plan the mounts below the root. The root is on @disks[@root_disk]. Entries
 * for "/" , swap and pseudo file systems give no step; what cannot be resolved, is malformed or on
 * the network gives a step that says why it is skipped.
 */
void mount_plan_build(const struct fstab *fstab, struct disk *const *disks, unsigned disk_count,
                      unsigned root_disk, struct mount_plan *ret);

/* Does the boot (or a package manager, or an initramfs generator) need what is mounted there? */
bool mount_plan_is_needed(const char *target);
