/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What is built on disks: RAID arrays, LUKS mappings, LVM volume groups, in any order, until
 * nothing new appears. Only what lies on the patient's own disks is used. The result of each is one
 * more struct disk behind the targets' own, with the volumes on it; disk_close() takes it down
 * again.
 */

#include "base/error.h"
#include "storage/disk.h"

#include <stdbool.h>

/* How the assembly talks to whoever started it. @userdata is handed through. */
struct assemble_callbacks {
    /* Called before something is made that outlives the process; undo_record(@record) takes it
     * back. A negative errno: it is not made. */
    int (*record)(void *userdata, const char *record);
    /* Ask for the passphrase of the volume @title (safe text). The length; 0: leave it closed;
     * -ENOTTY: nobody to ask; -EINTR. */
    int (*passphrase)(void *userdata, const char *title, unsigned attempt, char *ret, size_t size);
    /* 1 yes, 0 no, -ENOTTY, -EINTR. */
    int (*ask)(void *userdata, const char *question);
    /* One line for the person. */
    void (*note)(void *userdata, const char *text);
    void *userdata;
};

/* The passphrase that was typed last: tried first on the next volume, as a booting system does. */
struct assemble_passphrase {
    char bytes[520];
    size_t size; /* 0: none yet */
};

struct assemble_request {
    bool degraded;                    /* --degraded: start without asking what lacks members */
    const char *key_file;             /* --key-file, or NULL */
    const char *luks_header;          /* detached header, or NULL */
    bool no_passphrase;               /* nobody is asked for one: what needs it stays closed */
    struct assemble_passphrase *last; /* tried first, and left there: the caller's, who wipes it;
                                         NULL: it is forgotten */
};

/* The targets' disks, then what was built on them. */
struct disk_set {
    struct disk **disks; /* owned by the caller, each too; closed from the last to the first */
    unsigned count, max;
    bool direct; /* stack_find_active(): as in struct disk_request */
};

/*
 * Assemble everything on @set. What cannot be assembled is no failure (the root may well be
 * elsewhere): the first such reason is left in @problem, and each is a note. Returns 0; -EINTR
 * (ERROR_INTERRUPTED), -ENOMEM, or an error about the header in @request.
 */
int assemble(struct disk_set *set, enum disk_access access, const struct assemble_request *request,
             const struct assemble_callbacks *cb, struct error *problem, struct error *e);

/* Link the volumes of btrfs file systems that lie on several (struct volume.next_member). */
void assemble_btrfs(struct disk_set *set);

/* Give the mapping of an opened LUKS volume the name that crypttab gives it, unless it is taken. */
int assemble_rename(struct disk *d, const char *name);

/*
 * Open the LUKS volume @v with a key that is known, and add it to @set; assemble() finds what is on
 * it. 0; -EKEYREJECTED when the key does not fit, or another negative errno, with *why.
 */
int assemble_open_luks(struct disk_set *set, enum disk_access access, struct volume *v,
                       const void *key, size_t key_size, const struct assemble_callbacks *cb,
                       struct error *why);
