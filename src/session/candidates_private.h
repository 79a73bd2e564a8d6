/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Between candidates.c and the looks at file systems with several roots. */

#include "session/candidates.h"
#include "system/boot_roots.h"

#define TOLD_MAX 128

struct search {
    struct candidates *found;
    struct disk *const *disks;
    unsigned disk_count;
    bool several_targets; /* names need the disk's */
    /* What boot loaders on the volumes say. */
    struct told_root {
        const struct volume *from;
        struct boot_root says;
    } told[TOLD_MAX];
    unsigned told_count;
};

/* A volume that is looked at. */
struct look {
    struct search *search;
    const struct disk *disk;
    const struct volume *volume;
};

/* Is there a root, or an OSTree with roots? */
bool candidates_is_root(int tree_fd);

/* The root @tree_fd at @place: add it when it is a system, or the OSTree in it with its
 * deployments. Returns the new candidate, or NULL. */
struct candidate *candidates_add(const struct look *l, const struct root_place *place, int tree_fd);

/* One more version of @of, at *place, which is named by what is in it. NULL when there are too
 * many.
 */
struct version *candidates_add_version(const struct look *l, const struct candidate *of,
                                       enum version_kind kind, const struct root_place *place);

/* What the boot loader in the tree says (a root, a /boot, an ESP). */
void candidates_note_loaders(const struct look *l, int tree_fd);

/* A btrfs: @top_fd is its top level. */
void candidates_look_at_btrfs(const struct look *l, int top_fd);

/* A btrfs that the host has mounted: @fd is a directory with the root of a subvolume. True when it
 * was a system. */
bool candidates_look_at_mounted_btrfs(const struct look *l, int fd);

/* At the end: which of several systems the machine boots. */
void candidates_mark_booting(struct search *s);
