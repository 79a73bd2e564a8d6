/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * LVM volume groups, activated by lvm(8) which is shown the patient's physical volumes and nothing
 * else: a configuration of ours on the command line, none of the host's files, no daemon, no hint
 * file, no metadata backup on the host. Activation writes nothing to the patient.
 */

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VG_NAME_MAX 128 /* lvm(8) */
#define VG_LVS_MAX  128

struct volume_group {
    char name[VG_NAME_MAX];
    char uuid[40];
    char system_id[VG_NAME_MAX]; /* of the machine that owns it, see lvmsystemid(7); "" anybody */
    unsigned pv_count, missing;  /* physical volumes: in the group, and of these not there */
};

struct logical_volume {
    char vg_uuid[40];
    char uuid[40];
    char name[VG_NAME_MAX];
    char dm_name[VG_NAME_MAX * 2]; /* "vg0-root", hyphens doubled */
    uint64_t size;                 /* bytes */
    bool visible;                  /* carries data of its own: no pool, no part of another */
};

struct physical_volume {
    char vg_uuid[40];    /* of the group that it is in; "" none */
    uint64_t data_start; /* bytes: metadata is before it, and behind the data */
    uint64_t data_size;
    uint64_t size;
};

/* The fields of one line of a report of ours. Pure. 0 or -EBADMSG. */
int volume_group_parse(const char *line, struct volume_group *ret);
int logical_volume_parse(const char *line, struct logical_volume *ret);
int physical_volume_parse(const char *line, struct physical_volume *ret);

/*
 * Groups on the physical volumes @nodes (device nodes, NULL-ended); at most @max. Returns how many,
 * or a negative errno: "program-missing" names the package lvm2.
 */
int volume_group_scan(char *const *nodes, struct volume_group *ret, unsigned max, struct error *e);

/* Volumes of one group; at most @max. Returns how many, or a negative errno. */
int volume_group_volumes(char *const *nodes, const struct volume_group *vg,
                         struct logical_volume *ret, unsigned max, struct error *e);

/* What is where on the physical volume @node, which is one of @nodes. 0 or a negative errno. */
int volume_group_physical(char *const *nodes, const char *node, struct physical_volume *ret,
                          struct error *e);

/*
 * Give the group on @nodes, copies of physical volumes that are all of it, the name @name and uuids
 * of its own (vgimportclone(8)). That is written into the copies.
 */
int volume_group_rename_copy(char *const *nodes, const char *name, struct error *e);

/* "LVM-" and the uuid: what the uuids of all of the group's mappings begin with. */
void volume_group_dm_prefix(const struct volume_group *vg, char *ret, size_t size);

/* The uuid of a volume's mapping. */
void logical_volume_dm_uuid(const struct logical_volume *lv, char *ret, size_t size);

/*
 * Activate all volumes. @partial: also those that lack physical volumes, which read as errors
 * there.
 * @read_only: the mappings are. They are taken down by dm_remove() with the group's prefix.
 */
int volume_group_activate(char *const *nodes, const struct volume_group *vg, bool partial,
                          bool read_only, struct error *e);
