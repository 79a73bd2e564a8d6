/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What `list` knows: collected once (list_collect.c), then shown as a table or as JSON. */

#include "session/candidates.h"
#include "session/undo_guard.h"
#include "storage/disk.h"

/* One disk, or a target that could not be opened. */
struct list_disk {
    char target[4096];
    struct disk *disk;        /* NULL: it could not be opened */
    char problem[512];        /* why not; safe text */
    char use[600];            /* who uses it: "mounted on /"; safe text, "" nobody */
    char clone[400];          /* "clone of /dev/vda (partition table ...)"; safe text, "" */
    struct candidates *found; /* systems, and file systems that could not be read */
};

struct list {
    struct undo_guard guard;
    struct list_disk *disks;
    unsigned count;
};

/* Look at @targets, or at all disks when there are none. A target that cannot be opened is an entry
 * with a problem. 0 or a negative errno; list_free() in either case. */
int list_collect(struct list *ret, char *const *targets, unsigned target_count, struct error *e);
void list_free(struct list *l);

/* In a few words, for people and for --json: "clean", "needs replay", "errors", "swap",
 * "hibernated", "encrypted", "LVM member", "RAID member", "empty", "unknown", "ambiguous",
 * "unreadable", "mounted". */
const char *list_volume_state(const struct list_disk *d, const struct volume *v);

/* The host's mount point of a volume in @buf, or NULL. */
const char *list_mount_point(const struct volume *v, char *buf, size_t size);

int list_print_table(const struct list *l, struct error *e);
void list_print_json(const struct list *l);

/* Show the list and ask which system to rescue: its disk is copied to @ret_target. 1 when one was
 * chosen, 0 when nobody can be asked or there is none, -EINTR when the person gave up. */
struct options;
int list_ask(const struct options *o, char *ret_target, size_t size, char *ret_system,
             size_t system_size, struct error *e);
