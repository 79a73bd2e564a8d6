/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the detectors look at: the patient's tree, opened and with its file systems mounted, and the
 * volumes that are there. Nothing of the patient is executed and nothing is written. What several
 * detectors need is read once and kept here.
 */

#include "base/error.h"
#include "faults/fault.h"
#include "storage/check.h"
#include "storage/disk.h"
#include "system/fstab.h"
#include "system/linux_system.h"

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

/* What became of one of the patient's file systems. */
struct examined_filesystem {
    const char *target; /* path inside: "/", "/boot"; raw */
    const struct volume *volume;
    const struct check_report *report; /* of a check that wrote nothing to the disk */
    const char *mount_error;           /* why it could not be mounted; safe text; NULL */
    const char *fail_reads;            /* what the check said of blocks that cannot be read; NULL */
    bool host_lacks;                   /* .mount_error is about this host's kernel, not about it */
    bool nofail;                       /* its fstab line says so */
};

#define EXAMINED_FILESYSTEMS_MAX 128

struct examination {
    /* Filled by the caller, borrowed. */
    int root_fd;
    const struct linux_system *system;
    struct disk *const *disks; /* the patient's; none with a directory */
    unsigned disk_count, root_disk;
    char *const *targets; /* as the user named them, raw: for the commands of unbrick that are
                             shown; none with the running host */
    unsigned target_count;
    const struct volume *root; /* what is mounted on "/"; NULL when it is not known */
    struct timespec opened; /* what is younger was written since we have the disks; 0: not known */
    bool incomplete;        /* something on the disks stays closed: what is missing may be in it */
    const char *left_out; /* an array or group that lacks disks, and was not opened because of that;
                             safe text; NULL */
    bool running;         /* `examine /`: the host itself, whose disks are in use */
    const char *not_opened; /* of those, why one could not be looked at; safe text; NULL */
    /* Is @target (a path inside) a mount of its own in the tree? NULL: not known. What is below a
     * mount point that could not be mounted is not what the system has there. */
    bool (*is_mounted)(const void *userdata, const char *target);
    /* What is mounted on @target: NULL: nothing, or it is not known. The function may be NULL. */
    const struct volume *(*volume_at)(const void *userdata, const char *target);
    /* What could not be read of the disks up to now: "sdb, sector 2048"; safe text; NULL: nothing.
     * NULL: not known. */
    const char *(*read_error)(const void *userdata);
    const void *userdata;
    /* Asked between two detectors: 0, or what faults_detect() is to fail with. May be NULL. */
    int (*interrupted)(struct error *e);
    struct examined_filesystem filesystems[EXAMINED_FILESYSTEMS_MAX];
    unsigned filesystem_count;
    const struct machine
        *machine;       /* the one that the disk is for (--for): faults/machine.h; NULL */
    char helper[8][64]; /* UUIDs of what the examining host itself lives on */
    unsigned helper_count;
    const char *root_subvolume; /* of the btrfs on "/"; NULL or "": none that has a name */

    /* Read by examination_open(). */
    char *fstab_text; /* NULL when it could not be read: fstab_error says why */
    size_t fstab_size;
    int fstab_error; /* negative errno */
    struct fstab fstab;

    /* Read when they are asked for. */
    struct facts_user *user; /* faults/facts_user.h */
    struct units *units;     /* faults/facts_units.h */
    struct facts_boot *boot; /* faults/facts_boot.h */
    struct history *history; /* faults/facts_history.h */
};

/* Read what several detectors need. 0 or -ENOMEM. */
int examination_open(struct examination *x, struct error *e);
void examination_close(struct examination *x);

enum examination_device {
    DEVICE_FOUND,
    DEVICE_MISSING,
    DEVICE_AMBIGUOUS, /* several have that name */
    DEVICE_UNKNOWN,   /* not all disks are known: a directory was named, or something is closed */
};

/*
 * Is the device there that a configuration file names: "UUID=...", "/dev/mapper/x"? *ret (may be
 * NULL) gets the volume where the disks are known, else NULL. @why: one phrase when it is not
 * DEVICE_FOUND.
 */
enum examination_device examination_device(const struct examination *x, const char *name,
                                           const struct volume **ret, char *why, size_t size);

/* The volume with that device number; of a btrfs over several the first, which stands for all. NULL
 * when it is on none of the disks. */
const struct volume *examination_volume_of(const struct examination *x, dev_t devno);

/* Does the text name a device of the machine, and not a server, a tag or a file? */
bool examination_names_device(const char *name);

/* Is what the tree has at @path what the system has there? Not when a mount point on the way could
 * not be mounted: then nothing is missing that is not found. */
bool examination_sees(const struct examination *x, const char *path);

/* A mount of its own, for a look into a file system that is not mounted in the tree: fsmount(2)'s
 * descriptor, or a negative errno. Nothing is written. -EBUSY: something on the running host uses
 * it. */
int examination_mount(const struct examination *x, const struct volume *v, const char *options);

/* Is it one of the file systems that the system mounts? */
bool examination_mounts(const struct examination *x, const struct volume *v);

/* What is mounted on @target, where that is known. */
const struct volume *examination_volume_at(const struct examination *x, const char *target);

/* Line @number (1-based) of @data, safe, without its newline; "" when there is none. */
const char *examination_line(const char *data, size_t size, unsigned number);

/* That line is the finding's evidence. Nothing is looked for without a finding: of a hostile file
 * with a fault in each line that would be the square of its length. */
void finding_line(struct finding *f, const char *data, size_t size, unsigned number);
