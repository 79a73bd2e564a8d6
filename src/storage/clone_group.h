/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A volume group of the patient that is a copy of one that the host has active: device-mapper knows
 * each name and uuid once, and lvm each uuid of a physical volume. Neither the host's group nor the
 * patient's metadata is touched. The metadata is copied into memory, where the group gets names
 * and uuids of its own; then each physical volume gets a stand-in, a mapping with the patient's data
 * in the middle and that copy around it.
 */

#include "base/error.h"
#include "storage/loop.h"
#include "storage/volume_group.h"

#include <stdbool.h>

#define CLONE_PVS_MAX 64

struct clone_group {
    struct volume_group group;      /* as it is named now */
    char *nodes[CLONE_PVS_MAX + 1]; /* the stand-ins, NULL-ended; point into .names */
    char names[CLONE_PVS_MAX][64];
    char prefix[64]; /* of the uuids of the stand-ins' mappings, for undo_record() */
};

/*
 * Make stand-ins for the physical volumes @nodes of @vg, and rename the group in them. The record
 * UNDO_MAPPING and clone_group_prefix() is to be written down before; @record writes down the loop
 * devices (storage/loop.h). @read_only: as the volumes may then be. 0 or a negative errno.
 */
int clone_group_make(struct clone_group *ret, char *const *nodes, const struct volume_group *vg,
                     bool read_only, loop_record *record, void *userdata, struct error *e);

/* What the uuids of the next stand-ins of this process begin with. */
void clone_group_prefix(char *ret, size_t size);
