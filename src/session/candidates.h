/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which Linux systems are on the patient's disks: found by what is in a file system, not by being
 * the first one. Looks through read-only mounts without journal replay; writes nothing. */

#include "base/error.h"
#include "storage/disk.h"
#include "system/linux_system.h"

#define CANDIDATES_MAX 32

struct candidate {
    const struct disk *disk;
    const struct volume *volume;
    char subvolume[256]; /* btrfs: path of the subvolume that is the root; "" the default one */
    char name[128];      /* stable: "part2", "part2:@", "sdb/part2" with several disks; safe text */
    struct linux_system system;
};

struct candidates {
    struct candidate items[CANDIDATES_MAX];
    unsigned count;
    /* File systems that could not be mounted: a check may make them readable. */
    const struct volume *unreadable[CANDIDATES_MAX];
    char unreadable_why[256]; /* the first one's reason, safe text */
    unsigned unreadable_count;
};

/* Look at all volumes of @disks (or at the one that a target names). Call it in a private mount
 * namespace. Never fails: what cannot be read is in .unreadable. */
void candidates_find(struct disk *const *disks, unsigned disk_count, struct candidates *ret);

/*
 * Choose one: the only one; the one that @wanted names (candidate name, host name or os-release
 * ID, when it is unique); else -ENOTUNIQ with ERROR_REFUSED, reason "ambiguous" and the names in
 * the advice; -ENOENT with ERROR_TARGET when there is none, saying what is there instead.
 */
int candidates_select(const struct candidates *c, struct disk *const *disks, unsigned disk_count,
                      const char *wanted, const struct candidate **ret, struct error *e);

/* "web01, Debian 12 on part2" for lists and questions; safe text in @buf. Returns @buf. */
char *candidate_describe(const struct candidate *c, char *buf, size_t size);
