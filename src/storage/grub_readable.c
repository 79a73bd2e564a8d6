/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/grub_readable.h"

#include "base/text.h"

#include <ctype.h>
#include <endian.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

/*
 * Incompatible features that GRUB's drivers refuse, or did until some version
 * (EXT2_DRIVER_SUPPORTED_INCOMPAT in grub-core/fs/ext2.c, XFS_SB_FEAT_INCOMPAT_SUPPORTED in
 * grub-core/fs/xfs.c). Distributions backport: a version says when a feature is read for sure.
 */
static const struct {
    const char *types; /* blank-separated */
    uint32_t bit;
    struct grub_obstacle obstacle;
} features[] = {
    {"ext2 ext3 ext4", 0x0400, {"ea_inode", 0}},
    {"ext2 ext3 ext4", 0x1000, {"dirdata", 0}},
    {"ext2 ext3 ext4", 0x2000, {"metadata_csum_seed", GRUB_VERSION(2, 12)}},
    {"ext2 ext3 ext4", 0x4000, {"large_dir", GRUB_VERSION(2, 12)}},
    {"ext2 ext3 ext4", 0x8000, {"inline_data", 0}},
    {"ext2 ext3 ext4", 0x20000, {"casefold", 0}},
    {"xfs", 0x02, {"sparse inodes", GRUB_VERSION(2, 4)}},
    {"xfs", 0x08, {"bigtime", GRUB_VERSION(2, 6)}},
    {"xfs", 0x20, {"nrext64", GRUB_VERSION(2, 12)}},
    {"xfs", 0x40, {"exchange", GRUB_VERSION(2, 14)}},
    {"xfs", 0x80, {"parent", GRUB_VERSION(2, 14)}},
    {"xfs", 0x100, {"metadir", 0}},
};

/* Where the bits are: s_feature_incompat of ext4, sb_features_incompat of xfs (version 5). */
static uint32_t incompatible_of(const char *type, const unsigned char *data, size_t size)
{
    uint32_t value = 0;

    if (text_starts_with(type, "ext")) {
        if (size >= 1024 + 0x64)
            memcpy(&value, data + 1024 + 0x60, sizeof value);
        return le32toh(value);
    }
    /* sb_versionnum: its lower four bits are the version. */
    if (strcmp(type, "xfs") == 0 && size >= 220 && (data[101] & 0xf) == 5)
        memcpy(&value, data + 216, sizeof value);
    return be32toh(value);
}

static int has_type(const char *types, const char *type)
{
    const char *at = strstr(types, type);

    return *type && at && (at == types || at[-1] == ' ') &&
           (at[strlen(type)] == '\0' || at[strlen(type)] == ' ');
}

int grub_find_obstacle(const char *type, const unsigned char *data, size_t size, unsigned version,
                       struct grub_obstacle *ret)
{
    uint32_t bits = incompatible_of(type, data, size);

    for (size_t i = 0; i < sizeof features / sizeof features[0]; i++)
        if (has_type(features[i].types, type) && (bits & features[i].bit) &&
            (features[i].obstacle.since == 0 ||
             (version != 0 && version < features[i].obstacle.since))) {
            *ret = features[i].obstacle;
            return 0;
        }
    return -ENOENT;
}

bool grub_can_open_luks(const unsigned char *data, size_t size)
{
    static const char argon[] = "\"kdf\":{\"type\":\"argon2",
                      simple[] = "\"kdf\":{\"type\":\"pbkdf2";

    if (size < 8 || memcmp(data, "LUKS\xba\xbe\0\2", 8) != 0)
        return true;
    return !memmem(data, size, argon, sizeof argon - 1) ||
           memmem(data, size, simple, sizeof simple - 1);
}

unsigned grub_version_of_module(const char *data, size_t size)
{
    /* A string of its own: "2.06-13+deb12u1", "2.12". */
    for (size_t i = 1; i + 4 < size; i++)
        if (data[i - 1] == '\0' && data[i] == '2' && data[i + 1] == '.' &&
            isdigit((unsigned char)data[i + 2]) && isdigit((unsigned char)data[i + 3]) &&
            !isalnum((unsigned char)data[i + 4]))
            return GRUB_VERSION(2, 10U * (unsigned)(data[i + 2] - '0') +
                                       (unsigned)(data[i + 3] - '0'));
    return 0;
}
