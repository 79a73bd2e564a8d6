/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/probe.h"

#include "base/fd.h"
#include "base/host.h"
#include "base/text.h"
#include "storage/member.h"

#include <blkid/blkid.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/* libblkid's words for safe probing, see blkid_do_safeprobe(3). */
#define PROBE_NOTHING    1
#define PROBE_AMBIVALENT (-2)

static uint16_t le16(const unsigned char *p)
{
    uint16_t v;

    memcpy(&v, p, sizeof v);
    return le16toh(v);
}

static uint32_t le32(const unsigned char *p)
{
    uint32_t v;

    memcpy(&v, p, sizeof v);
    return le32toh(v);
}

static uint64_t le64(const unsigned char *p)
{
    uint64_t v;

    memcpy(&v, p, sizeof v);
    return le64toh(v);
}

/* struct ext4_super_block, Documentation/filesystems/ext4/super.rst. */
static void ext_state(const unsigned char *sb, struct filesystem *fs)
{
    const uint32_t log_block = le32(sb + 0x18), incompat = le32(sb + 0x60);
    const uint32_t interval = le32(sb + 0x44);
    const uint16_t state = le16(sb + 0x3a), max_mounts = le16(sb + 0x36);
    uint64_t blocks = le32(sb + 0x04);

    if (incompat & 0x80) /* 64bit */
        blocks |= (uint64_t)le32(sb + 0x150) << 32;
    if (log_block <= 6 && blocks <= UINT64_MAX >> (10 + log_block))
        fs->size = blocks << (10 + log_block);
    fs->has_errors = state & 0x0002;
    /* check_if_skip() of e2fsck: mounts and their maximum, seconds since the last check and theirs.
     * A maximum that is negative, or 0, is none. */
    fs->check_at_mount = max_mounts && !(max_mounts & 0x8000) && le16(sb + 0x34) >= max_mounts;
    fs->check_from = interval ? (int64_t)le32(sb + 0x40) + interval : 0;
    /* "needs recovery", or not cleanly unmounted without a journal. */
    fs->dirty = (incompat & 0x0004) || !(state & 0x0001);
    fs->checked_in_full = fs->has_errors || !(state & 0x0001);
}

/* struct xfs_dsb, fs/xfs/libxfs/xfs_format.h; big-endian. The log tells whether it is dirty: that
 * takes a walk through it. */
static void xfs_state(const unsigned char *sb, struct filesystem *fs)
{
    uint32_t block_size;
    uint64_t blocks;

    memcpy(&block_size, sb + 4, sizeof block_size);
    memcpy(&blocks, sb + 8, sizeof blocks);
    block_size = be32toh(block_size);
    blocks = be64toh(blocks);
    if (block_size && blocks <= UINT64_MAX / block_size)
        fs->size = blocks * block_size;
}

/* struct btrfs_super_block at 64 KiB, fs/btrfs/accessors.h: total_bytes, log_root. */
static void btrfs_state(const unsigned char *sb, struct filesystem *fs)
{
    uint64_t devices = le64(sb + 0x88);

    fs->device_count = devices <= 1024 ? (unsigned)devices : 0;
    fs->size = le64(sb + 0x70);
    fs->dirty = le64(sb + 0x60) != 0;
}

static const struct {
    const char *type;
    size_t offset, length;
    void (*read)(const unsigned char *sb, struct filesystem *fs);
} readers[] = {
    {"ext2", 0x400, 0x400, ext_state}, {"ext3", 0x400, 0x400, ext_state},
    {"ext4", 0x400, 0x400, ext_state}, {"ext4dev", 0x400, 0x400, ext_state},
    {"xfs", 0, 0x200, xfs_state},      {"btrfs", 0x10000, 0x1000, btrfs_state},
};

void probe_state(const unsigned char *data, size_t size, struct filesystem *fs)
{
    for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++)
        if (strcmp(fs->type, readers[i].type) == 0 && size >= readers[i].offset + readers[i].length)
            readers[i].read(data + readers[i].offset, fs);
    /* A suspended system: libblkid names the signatures that the kernel's hibernation and its
     * relatives put over a swap header (S1SUSPEND, LINHIB0001 and so on). */
    fs->hibernated = strcmp(fs->type, "swsuspend") == 0;
}

static void copy_value(blkid_probe probe, const char *name, char *ret, size_t size)
{
    const char *value;
    size_t length;

    ret[0] = '\0';
    if (blkid_probe_lookup_value(probe, name, &value, &length) == 0 && length)
        snprintf(ret, size, "%.*s", (int)(length < size ? length : size), value);
}

static int read_state(int fd, uint64_t start, struct filesystem *fs)
{
    _cleanup_free_ unsigned char *data = malloc(PROBE_STATE_BYTES);
    ssize_t n;

    if (!data)
        return -ENOMEM;
    n = pread(fd, data, PROBE_STATE_BYTES, (off_t)start);
    if (n < 0)
        return -errno;
    probe_state(data, (size_t)n, fs);
    return 0;
}

/* Where mke2fs(8) puts the first copy: into the second block group, which has eight blocks for each
 * byte of a block; with blocks of 1 KiB the first group begins at block 1. */
static const struct {
    unsigned block, size;
} ext_backups[] = {{32768, 4096}, {8193, 1024}, {16384, 2048}, {65536, 65536}};

bool probe_is_ext_backup(const unsigned char *sb, unsigned block_size)
{
    return le16(sb + 0x38) == 0xef53 && le32(sb + 0x18) <= 6 &&
           1024u << le32(sb + 0x18) == block_size && le16(sb + 0x5a) != 0;
}

static void look_for_ext_backup(int fd, uint64_t start, uint64_t size, struct filesystem *fs)
{
    unsigned char sb[1024];

    for (size_t i = 0; i < sizeof ext_backups / sizeof ext_backups[0]; i++) {
        const unsigned char *u = sb + 0x68;
        uint64_t at = start + (uint64_t)ext_backups[i].block * ext_backups[i].size;

        if ((size && at + sizeof sb > start + size) ||
            pread(fd, sb, sizeof sb, (off_t)at) != sizeof sb ||
            !probe_is_ext_backup(sb, ext_backups[i].size))
            continue;
        fs->backup_block = ext_backups[i].block;
        fs->backup_block_size = ext_backups[i].size;
        snprintf(fs->backup_uuid, sizeof fs->backup_uuid,
                 "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", u[0], u[1],
                 u[2], u[3], u[4], u[5], u[6], u[7], u[8], u[9], u[10], u[11], u[12], u[13], u[14],
                 u[15]);
        return;
    }
}

int probe_filesystem(int fd, uint64_t start, uint64_t size, struct filesystem *ret, struct error *e)
{
    struct filesystem fs = {0};
    blkid_probe probe = blkid_new_probe();
    int r;

    if (!probe || blkid_probe_set_device(probe, fd, (blkid_loff_t)start, (blkid_loff_t)size) < 0) {
        r = errno ? -errno : -ENOMEM;
        blkid_free_probe(probe);
        return error_errno(e, r, "cannot probe the volume");
    }
    blkid_probe_enable_superblocks(probe, 1);
    blkid_probe_set_superblocks_flags(probe, BLKID_SUBLKS_LABEL | BLKID_SUBLKS_UUID |
                                                 BLKID_SUBLKS_TYPE | BLKID_SUBLKS_USAGE |
                                                 BLKID_SUBLKS_VERSION);
    errno = 0;
    r = blkid_do_safeprobe(probe);
    if (r == 0) {
        copy_value(probe, "TYPE", fs.type, sizeof fs.type);
        copy_value(probe, "USAGE", fs.usage, sizeof fs.usage);
        /* libblkid has the member of a ZFS pool for a file system: none that could be mounted. */
        if (strcmp(fs.usage, "filesystem") == 0 && member_type_find(fs.type))
            snprintf(fs.usage, sizeof fs.usage, "other");
        copy_value(probe, "UUID", fs.uuid, sizeof fs.uuid);
        copy_value(probe, "UUID_SUB", fs.uuid_sub, sizeof fs.uuid_sub);
        copy_value(probe, "LABEL", fs.label, sizeof fs.label);
        copy_value(probe, "VERSION", fs.version, sizeof fs.version);
        r = read_state(fd, start, &fs);
    } else if (r == PROBE_AMBIVALENT) {
        fs.ambiguous = true;
        r = 0;
    } else if (r == PROBE_NOTHING) {
        look_for_ext_backup(fd, start, size, &fs);
        r = 0;
    } else {
        r = errno ? -errno : -EIO;
    }
    blkid_free_probe(probe);
    if (r < 0)
        return error_errno(e, r, "cannot read the volume");
    *ret = fs;
    return 0;
}

/* Up to and with the superblocks at the start of a first partition at 1 MiB: members of a RAID
 * array whose partition tables were copied differ there. */
#define HEAD ((size_t)4 << 20)

#define CHUNK ((size_t)256 << 10)

bool probe_same_start(const char *a, const char *b)
{
    _cleanup_fd_ int fd_a = host_open(a, O_RDONLY), fd_b = host_open(b, O_RDONLY);
    _cleanup_free_ char *data = malloc(2 * CHUNK);

    if (fd_a < 0 || fd_b < 0 || !data)
        return false;
    for (size_t at = 0; at < HEAD; at += CHUNK) {
        ssize_t x = pread(fd_a, data, CHUNK, (off_t)at),
                y = pread(fd_b, data + CHUNK, CHUNK, (off_t)at);

        if (x < 0 || x != y || memcmp(data, data + CHUNK, (size_t)x) != 0)
            return false;
        if ((size_t)x < CHUNK)
            break;
    }
    return true;
}
