/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What `list` knows: collected once (list_collect.c), then shown as a table or as JSON. */

#include "session/candidates.h"
#include "session/undo_guard.h"
#include "storage/assemble.h"
#include "storage/disk.h"

#include <stdio.h>

/* One disk, or a target that could not be opened. */
struct list_disk {
    char target[4096];
    struct disk *disk;    /* in the set; NULL: it could not be opened */
    struct error problem; /* why not */
    uint64_t size;        /* of one that could not be opened, in bytes; 0: not known */
    char use[600];        /* who uses it: "mounted on /"; safe text, "" nobody */
    bool is_ours;         /* .use is a session of ours */
    char clone[400];      /* "clone of /dev/vda (partition table ...)"; safe text, "" */
    char wwid[128];       /* the disk's own name for itself; "" */
    char paths[400];      /* "/dev/sdc": nodes of the same disk by other paths; safe text, "" */
    /* Systems on it and on what stands on it, and file systems that could not be read. What has
     * parts on several disks belongs to the first. */
    struct candidates *found;
};

struct list {
    struct undo_guard guard;
    struct list_disk *disks;
    unsigned count;
    struct disk_set set; /* all that are open: the disks, then what stands on them */
    unsigned below;      /* how many of these are the disks */
    unsigned *owner;     /* for each of the set: index of the disk that it belongs to */
    struct error closed; /* why something was not put together */
    bool open_bases;     /* as it was requested */
};

struct list_request {
    char *const *targets; /* none: all disks, and what this host has active on them */
    unsigned target_count;
    struct assemble_request assemble; /* what is on a target that nobody uses is put together */
    bool open_bases; /* a file that an image names as its base is opened without asking (--yes) */
};

/* Look, and change nothing. A target that cannot be opened is an entry with a problem. 0 or a
 * negative errno; list_free() in either case. */
int list_collect(struct list *ret, const struct list_request *request, struct error *e);
void list_free(struct list *l);

/* In a few words, for people and for --json: "clean", "needs replay", "errors", "swap",
 * "hibernated", "unknown", "ambiguous", "unreadable", "mounted", "in use" (somewhere that cannot be
 * seen from here), or as member.h has it. */
const char *list_volume_state(const struct list *l, const struct volume *v);

/* What was found on a disk of the set, or on what stands on it. */
const struct candidates *list_found_on(const struct list *l, const struct disk *d);

/* What stands on @v directly: at most LIST_ABOVE_MAX in @ret. Returns how many. */
#define LIST_ABOVE_MAX 16
unsigned list_above(const struct list *l, const struct volume *v,
                    const struct disk *ret[LIST_ABOVE_MAX]);

/* Is it a part of something that can be put together, and is not? */
bool list_is_closed(const struct list *l, const struct volume *v);

/* The host's mount point of a volume in @buf, or NULL. */
const char *list_mount_point(const struct volume *v, char *buf, size_t size);

/* @all_versions: else only the newest of each system. */
int list_print_table(const struct list *l, bool all_versions, FILE *out, struct error *e);
void list_print_json(const struct list *l);

/* Show the list and ask which system to rescue: its disk is copied to @ret_target. 1 when one was
 * chosen, 0 when nobody can be asked or there is none, -EINTR when the person gave up. */
struct options;
int list_ask(const struct options *o, char *ret_target, size_t size, char *ret_system,
             size_t system_size, struct error *e);
