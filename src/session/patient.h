/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The patient: the disks that the user named (or a directory), the Linux system on them, and its
 * tree put together in our private mount namespace. Opened in stages; what was made is undone by
 * patient_close() in the opposite order, however far the opening came.
 */

#include "base/error.h"
#include "session/candidates.h"
#include "session/check_look.h"
#include "session/journal.h"
#include "session/mount_plan.h"
#include "storage/assemble.h"
#include "storage/check.h"
#include "storage/disk.h"
#include "storage/read_errors.h"
#include "system/linux_system.h"

#include <stdbool.h>
#include <time.h>

#define PATIENT_TARGETS_MAX 16
#define PATIENT_DISKS_MAX   64 /* with what is assembled from them */

struct patient_request {
    char *const *targets; /* as the user named them */
    unsigned target_count;
    enum check_mode fsck;
    const char *system;   /* --system=NAME, or NULL */
    bool read_only;       /* nothing may be written, not even a journal replay */
    bool examine;         /* with .read_only: look at every file system in full, and go on with what
                             can be seen, whatever is found; .fsck says whether to look at all */
    bool plan_only;       /* --dry-run: nobody is asked, and nothing is assembled */
    bool takeover_agreed; /* what this host made of it was taken over before, and given back: it is
                             not asked for again */
    bool for_host;        /* the mounts are handed to the host (unbrick mount) */
    bool no_mount; /* stop when its layers are open: no system is looked for, none is mounted */
    struct assemble_request assemble;
};

struct patient {
    struct patient_request request;
    struct disk *disks[PATIENT_DISKS_MAX]; /* owned: the targets', then what was made of them */
    unsigned disk_count;
    struct timespec opened;       /* what is younger was written by the session */
    char clone[400];              /* "/dev/vda (same ...)": a copy of that; safe text; "" */
    struct error closed;          /* why something that was found could not be assembled */
    int directory_fd;             /* target is a directory: an open tree of it; else -1 */
    struct candidates *found;     /* owned; NULL with a directory */
    const struct candidate *root; /* in *found; NULL with a directory */
    struct linux_system system;   /* of the whole tree, once it is mounted */
    struct check_report root_check;
    char root_problem[256];    /* .examine: why the root could not be mounted as it is; safe; "" */
    char root_fail_reads[256]; /* .examine: its check came upon blocks that cannot be read; "" */
    struct mount_plan *plan;   /* owned */
    struct check_look *looks;  /* .examine: owned; what was seen of the file systems */
    unsigned look_count;
    char name[65];  /* host name of the patient, or the target's; safe, not empty */
    char tree[128]; /* where the tree is mounted in our namespace; "" not yet */
    int root_fd;    /* the mounted root */
    struct read_errors *read_errors; /* owned; NULL before patient_open() */
    unsigned read_errors_said;       /* of these the person has been told */
    struct error lost; /* what was written last is not all on the disks; code 0: it is */
    bool kept_on_host; /* a copy of the mounts stays: devices are not waited for */
};

/*
 * First stage: open, guard and hold the targets, leave the host's mounts behind, choose the system,
 * read its fstab and plan the mounts. Writes nothing to a disk. Must be called in a private mount
 * namespace (host_mounts_leave()). With .no_mount there is no .root afterwards.
 */
int patient_open(struct patient *ret, const struct patient_request *request, struct journal *j,
                 struct error *e);

/* Second stage: check what the boot needs, mount the root and the rest. From here on the disk is
 * written to, unless the request was read-only. With .no_mount the tree is an empty directory. */
int patient_mount(struct patient *p, struct journal *j, struct error *e);

/* Flush (with progress), unmount, let go of the disks. Returns the first failure; everything that
 * can be undone is undone all the same. A zeroed patient is fine. */
int patient_close(struct patient *p, struct error *e);

/* What the kernel could not read of the patient's disks since they were opened: "sdb, sector 2048";
 * NULL: nothing. */
const char *patient_read_error(const struct patient *p);

/* "e2fsck -f /dev/sdb2" behind @before in @buf: what a person may run on @v when errors are left.
 * "" where only we have a node of it. Returns @buf. */
char *patient_by_hand(const struct patient *p, const struct volume *v,
                      const struct check_report *report, const char *before, char *buf,
                      size_t size);

/* Index in .disks of the disk with the root. The root must have been chosen. */
unsigned patient_root_disk(const struct patient *p);

/* The volume that is mounted on @target ("/", "/boot"), or NULL. */
const struct volume *patient_volume_at(const struct patient *p, const char *target);
