/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/candidates.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "storage/in_use.h"
#include "storage/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define BTRFS_ROOTS_MAX 16

static void add_candidate(struct candidates *c, const struct disk *d, const struct volume *v,
                          const char *subvolume, bool several_disks, int root_fd)
{
    struct candidate *item = &c->items[c->count];

    if (c->count == CANDIDATES_MAX)
        return;
    memset(item, 0, sizeof *item);
    if (system_recognise(root_fd) != SYSTEM_ROOT ||
        system_inspect(root_fd, &item->system, NULL) < 0)
        return;
    item->disk = d;
    item->volume = v;
    snprintf(item->subvolume, sizeof item->subvolume, "%s", subvolume);
    if (d->kind != DISK_TARGET) /* "vg0/root", "md0": its own names are stable */
        several_disks = false;
    snprintf(item->name, sizeof item->name, "%s%s%s%s%s", several_disks ? text_safe(d->name) : "",
             several_disks ? "/" : "",
             v->number || d->kind != DISK_TARGET ? text_safe(v->name) : "disk",
             subvolume[0] ? ":" : "", text_safe(subvolume));
    c->count++;
}

/* Subvolumes are looked at through a mount of the top level, one mount for all of them. */
static void look_at_btrfs(struct candidates *c, const struct disk *d, const struct volume *v,
                          bool several_disks, int default_fd)
{
    char names[BTRFS_ROOTS_MAX][256];
    unsigned before = c->count;
    _cleanup_fd_ int top = -1;
    int count;

    /* The default subvolume is what a boot without subvol= gets. */
    add_candidate(c, d, v, "", several_disks, default_fd);
    if (c->count > before)
        return;
    top = mount_volume(v, MOUNT_NO_REPLAY, "subvolid=5", NULL, 0, NULL);
    if (top < 0)
        return;
    count = mount_btrfs_roots(top, names, BTRFS_ROOTS_MAX);
    for (int i = 0; i < count; i++) {
        _cleanup_fd_ int sub = -1;

        if (!names[i][0])
            continue;
        sub = path_open(top, names[i], O_PATH | O_DIRECTORY);
        if (sub >= 0)
            add_candidate(c, d, v, names[i], several_disks, sub);
        /* Snapshots of one system are not further systems: the likeliest root wins. */
        if (c->count > before)
            return;
    }
}

static void look_at_volume(struct candidates *c, const struct disk *d, const struct volume *v,
                           bool several_disks)
{
    char mount_point[4096];
    struct error e = {0};
    _cleanup_fd_ int fd = -1;

    if (strcmp(v->fs.usage, "filesystem") != 0 || v->taken)
        return;
    /* For `list`: what the host has mounted is read where it is. */
    if (in_use_mount_point(v->devno, mount_point, sizeof mount_point) == 0) {
        fd = open(mount_point, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (fd >= 0)
            add_candidate(c, d, v, "", several_disks, fd);
        return;
    }
    fd = mount_volume(v, MOUNT_NO_REPLAY, NULL, NULL, 0, &e);
    if (fd < 0) {
        if (c->unreadable_count == 0)
            snprintf(c->unreadable_why, sizeof c->unreadable_why, "%.255s", e.text);
        if (c->unreadable_count < CANDIDATES_MAX)
            c->unreadable[c->unreadable_count++] = v;
        return;
    }
    if (strcmp(v->fs.type, "btrfs") == 0)
        look_at_btrfs(c, d, v, several_disks, fd);
    else
        add_candidate(c, d, v, "", several_disks, fd);
}

void candidates_find(struct disk *const *disks, unsigned disk_count, struct candidates *ret)
{
    unsigned targets = 0;
    bool named = false; /* a target is the partition with the root itself */

    memset(ret, 0, sizeof *ret);
    for (unsigned i = 0; i < disk_count; i++) {
        targets += disks[i]->kind == DISK_TARGET;
        for (unsigned j = 0; j < disks[i]->volume_count; j++)
            named =
                named || (disks[i]->selected && disks[i]->selected == disks[i]->volumes[j].number &&
                          strcmp(disks[i]->volumes[j].fs.usage, "filesystem") == 0);
    }
    for (unsigned i = 0; i < disk_count; i++)
        for (unsigned j = 0; j < disks[i]->volume_count; j++) {
            const struct volume *v = &disks[i]->volumes[j];

            if (named ? disks[i]->selected == v->number && disks[i]->selected
                      : !disks[i]->selected || disks[i]->selected == v->number)
                look_at_volume(ret, disks[i], v, targets > 1);
        }
}

char *candidate_describe(const struct candidate *c, char *buf, size_t size)
{
    const struct linux_system *s = &c->system;

    snprintf(buf, size, "%s: %s%s%s", c->name, s->hostname[0] ? text_safe(s->hostname) : "",
             s->hostname[0] ? ", " : "", s->pretty[0] ? text_safe(s->pretty) : "Linux");
    return buf;
}

/* What a person should know when there is no file system with a Linux in it. */
static const struct {
    const char *type, *what;
} locked_types[] = {
    {"crypto_LUKS", "an encrypted LUKS volume"},
    {"LVM2_member", "an LVM physical volume"},
    {"LVM1_member", "an LVM physical volume of the old format"},
    {"linux_raid_member", "a member of a Linux RAID array"},
    {"ddf_raid_member", "a member of a DDF RAID array"},
    {"isw_raid_member", "a member of an Intel RAID array"},
    {"zfs_member", "a member of a ZFS pool"},
    {"bcache", "a bcache device"},
    {"BitLocker", "an encrypted BitLocker volume"},
    {"swap", "swap space"},
};

static const char *locked_what(const char *type)
{
    for (size_t i = 0; i < sizeof locked_types / sizeof locked_types[0]; i++)
        if (strcmp(locked_types[i].type, type) == 0)
            return locked_types[i].what;
    return NULL;
}

/* The beginning of a file system is gone, and a copy of what stood there is not. */
static const struct volume *lost_superblock(struct disk *const *disks, unsigned disk_count)
{
    for (unsigned i = 0; i < disk_count; i++)
        for (unsigned j = 0; j < disks[i]->volume_count; j++)
            if (disks[i]->volumes[j].fs.backup_block)
                return &disks[i]->volumes[j];
    return NULL;
}

static int explain_lost_superblock(const struct disk *d, const struct volume *v, struct error *e)
{
    (void)error_set(
        e, ERROR_TARGET, -ENOENT, "superblock-lost",
        "%s: no Linux system; the superblock of the file system on %s is lost, and a copy "
        "of it is in block %u",
        text_safe(d->target), text_safe(v->name), v->fs.backup_block);
    return error_advise(e,
                        "copy the disk; then let e2fsck take the copy of the superblock: e2fsck "
                        "-b %u -B %u PARTITION",
                        v->fs.backup_block, v->fs.backup_block_size);
}

static int no_system(const struct candidates *c, struct disk *const *disks, unsigned disk_count,
                     struct error *e)
{
    const struct disk *d = disks[0];
    const char *what = NULL, *type = NULL;
    const struct volume *first = NULL;
    unsigned with_contents = 0;

    for (unsigned i = 0; i < disk_count; i++) {
        for (unsigned j = 0; j < disks[i]->volume_count; j++) {
            const struct volume *v = &disks[i]->volumes[j];

            if (disks[i]->selected && disks[i]->selected != v->number)
                continue;
            with_contents += v->fs.type[0] != '\0';
            /* Swap is beside the point when something else is locked too. */
            if (locked_what(v->fs.type) && (!what || strcmp(type, "swap") == 0)) {
                what = locked_what(v->fs.type);
                type = v->fs.type;
                first = v;
            }
        }
    }
    if (lost_superblock(disks, disk_count))
        return explain_lost_superblock(d, lost_superblock(disks, disk_count), e);
    if (c->unreadable_count)
        return error_set(e, ERROR_TARGET, -EUCLEAN, "unreadable",
                         "%s: a file system is there (%s on %s) but cannot be mounted: %s",
                         text_safe(d->target), c->unreadable[0]->fs.type,
                         text_safe(c->unreadable[0]->name), c->unreadable_why);
    if (what && with_contents >= 1) {
        (void)error_set(e, ERROR_TARGET, -ENOENT,
                        strcmp(type, "swap") == 0 ? "no-system" : "locked",
                        "%s: no Linux system that can be opened; %s is %s", text_safe(d->target),
                        first->number ? text_safe(first->name) : "it", what);
        if (strcmp(type, "swap") != 0)
            (void)error_advise(e, "what unbrick does not open by itself: open it with the host's "
                                  "tools and give the device that appears");
        return -ENOENT;
    }
    if (with_contents == 0) {
        (void)error_set(e, ERROR_TARGET, -ENOENT, "no-filesystem",
                        "%s: no partition table and no file system was found on it%s%s",
                        text_safe(d->target), d->table_error[0] ? "; " : "", d->table_error);
        return error_advise(e, "if this is the right disk, look for a lost partition table or "
                               "superblock before anything is written: fdisk -l, testdisk");
    }
    (void)error_set(e, ERROR_TARGET, -ENOENT, "no-system",
                    "%s: no Linux system was found in its file systems", text_safe(d->target));
    return error_advise(e, "unbrick list %s shows what is on it", text_safe(d->target));
}

static bool is_wanted(const struct candidate *c, const char *wanted)
{
    return strcmp(c->name, wanted) == 0 || strcmp(c->system.hostname, wanted) == 0 ||
           strcmp(c->system.id, wanted) == 0;
}

int candidates_select(const struct candidates *c, struct disk *const *disks, unsigned disk_count,
                      const char *wanted, const struct candidate **ret, struct error *e)
{
    const struct candidate *found = NULL;
    char names[400] = "";
    unsigned matches = 0;

    for (unsigned i = 0; i < c->count; i++) {
        size_t used = strlen(names);

        snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "", c->items[i].name);
        /* The exact name wins over a host name that several copies share. */
        if (wanted && strcmp(c->items[i].name, wanted) == 0) {
            *ret = &c->items[i];
            return 0;
        }
        if (!wanted || is_wanted(&c->items[i], wanted)) {
            found = &c->items[i];
            matches++;
        }
    }
    if (matches == 1) {
        *ret = found;
        return 0;
    }
    if (c->count == 0)
        return no_system(c, disks, disk_count, e);
    if (matches == 0) {
        (void)error_set(e, ERROR_TARGET, -ENOENT, "no-such-system",
                        "%s: no system of the name \"%s\" is on it", text_safe(disks[0]->target),
                        text_safe(wanted));
        (void)error_advise(e, "there are: %s", names);
        return -ENOENT;
    }
    (void)error_set(e, ERROR_REFUSED, -ENOTUNIQ, "ambiguous", "%s holds %u Linux systems",
                    text_safe(disks[0]->target), matches);
    (void)error_advise(e, "name one: --system=NAME with one of %s", names);
    return -ENOTUNIQ;
}
