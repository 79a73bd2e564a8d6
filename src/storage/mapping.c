/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/mapping.h"

#include "base/text.h"
#include "storage/sysfs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LVM_ID 32 /* characters of an id, without its hyphens */

/* Prefixes: DM_UUID_PREFIX of cryptsetup's lib/utils_dm.h, UUID_PREFIX of LVM's dev_manager.c and
 * of multipath-tools' libmultipath/devmapper.c, format_dm_name() of stratisd. */
static const struct {
    const char *prefix;
    enum mapping_kind kind;
    const char *word;
} makers[] = {
    {"LVM-", MAPPING_VOLUME, "LVM"},
    {"CRYPT-LUKS", MAPPING_LUKS, "LUKS"},
    {"CRYPT-BITLK-", MAPPING_OTHER, "BitLocker"},
    {"CRYPT-INTEGRITY-", MAPPING_OTHER, "dm-integrity"},
    {"CRYPT-VERITY-", MAPPING_OTHER, "dm-verity"},
    {"CRYPT-", MAPPING_OTHER, "encryption"},
    {"mpath-", MAPPING_MULTIPATH, "multipath"},
    {"stratis-", MAPPING_OTHER, "Stratis"},
    {"VDO-", MAPPING_OTHER, "VDO"},
    {"DMRAID-", MAPPING_OTHER, "BIOS RAID"},
};

/* What LVM makes of its own accord has one of these in its name (lvm(8), "Reserved names"), and
 * most of it a suffix to the uuid. */
static const char *const internal_parts[] = {
    "_cdata",  "_cmeta", "_corig", "_cpool", "_cvol",  "_wcorig",  "_mimage", "_mlog",  "_pmspare",
    "_rimage", "_rmeta", "_tdata", "_tmeta", "_vdata", "_vorigin", "_imeta",  "_iorig",
};

static bool is_internal(const char *volume, const char *uuid)
{
    if (strlen(uuid) > 4 + 2 * LVM_ID)
        return true;
    for (size_t i = 0; i < sizeof internal_parts / sizeof internal_parts[0]; i++)
        if (strstr(volume, internal_parts[i]))
            return true;
    return false;
}

/* "vg0-my--data" is the volume my-data of vg0: one hyphen parts them, others are doubled
 * (dm_build_dm_name() of LVM). */
static void split_name(const char *name, struct mapping *m)
{
    char *out = m->group, *end = out + sizeof m->group - 1;

    for (; *name; name++) {
        if (name[0] == '-' && name[1] != '-' && out != m->volume && end < m->volume) {
            *out = '\0';
            out = m->volume;
            end = out + sizeof m->volume - 1;
            continue;
        }
        if (name[0] == '-' && name[1] == '-')
            name++;
        if (out < end)
            *out++ = *name;
    }
    *out = '\0';
}

/* kpartx(8): "part2-" before the uuid of what is partitioned. */
static unsigned partition_of(const char *uuid)
{
    char *end;
    unsigned long n;

    if (!text_starts_with(uuid, "part") || uuid[4] < '1' || uuid[4] > '9')
        return 0;
    n = strtoul(uuid + 4, &end, 10);
    return *end == '-' && n <= 65535 ? (unsigned)n : 0;
}

void mapping_parse(const char *dm_name, const char *dm_uuid, struct mapping *ret)
{
    *ret = (struct mapping){.kind = MAPPING_OTHER, .word = "device-mapper"};
    ret->partition = partition_of(dm_uuid);
    if (ret->partition) {
        ret->kind = MAPPING_PARTITION;
        ret->word = "partition";
        return;
    }
    for (size_t i = 0; i < sizeof makers / sizeof makers[0]; i++) {
        if (!text_starts_with(dm_uuid, makers[i].prefix))
            continue;
        ret->kind = makers[i].kind;
        ret->word = makers[i].word;
        break;
    }
    if (ret->kind != MAPPING_VOLUME)
        return;
    snprintf(ret->group_id, sizeof ret->group_id, "%.*s", LVM_ID, dm_uuid + 4);
    split_name(dm_name, ret);
    ret->internal = is_internal(ret->volume, dm_uuid);
}

int mapping_find(dev_t devno, struct mapping *ret)
{
    char name[160], uuid[160];

    sysfs_text(devno, "dm/name", name, sizeof name);
    if (!name[0])
        return -ENOENT;
    sysfs_text(devno, "dm/uuid", uuid, sizeof uuid);
    mapping_parse(name, uuid, ret);
    return 0;
}
