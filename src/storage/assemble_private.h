/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Between assemble.c and the assemblers of the kinds. */

#include "storage/assemble.h"
#include "storage/kernel_feature.h"

struct assembly {
    struct disk_set *set;
    enum disk_access access;
    const struct assemble_request *request;
    const struct assemble_callbacks *cb;
    struct error *problem;
    const struct volume *headless; /* its LUKS header is in a file of its own; NULL */
    struct assemble_passphrase *last;
};

/* One round: assemble what can be made from volumes that are there. The number of new disks, or
 * -EINTR, -ENOMEM with an error. A volume that was dealt with is not looked at again (struct
 * volume.taken). */
int assemble_arrays(struct assembly *a, struct error *e);
int assemble_luks(struct assembly *a, struct error *e);

/* Which volume the detached header of the request belongs to: the one without contents that are
 * known. 0; -EINVAL, -ENOENT or -ENOTUNIQ with an error. */
int assemble_find_headless(struct assembly *a, struct error *e);
int assemble_groups(struct assembly *a, struct error *e);

/* The next volume of a type that is not taken, from (*disk, *volume) on, or NULL. */
struct volume *assemble_next(struct assembly *a, const char *type, unsigned *disk,
                             unsigned *volume);

/* An empty disk at the end of the set, closed by disk_close(); NULL without memory. */
struct disk *assemble_add(struct assembly *a, const char *name, const char *record);

/* It cannot be made: remember why, go on. */
void assemble_failed(struct assembly *a, const struct error *why);
int assemble_interrupted(struct error *e);

/* kernel_feature_require() for the volume @title (safe text), which "is encrypted (LUKS)". */
int assemble_require(enum kernel_feature feature, const char *title, const char *is,
                     struct error *why);
