/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "faults/root_stack.h"

#include "storage/sysfs.h"

#include <string.h>

/* By the name that libblkid gives. Where a driver has taken over from an elder one, both do. */
static const struct {
    const char *type;
    struct stack_need need;
} filesystems[] = {
    {"ext4", {"ext4, the file system of /", {"ext4"}, NULL, NULL}},
    {"ext3", {"ext3, the file system of /", {"ext4", "ext3"}, NULL, NULL}},
    {"ext2", {"ext2, the file system of /", {"ext4", "ext2"}, NULL, NULL}},
    {"xfs", {"xfs, the file system of /", {"xfs"}, NULL, NULL}},
    {"btrfs", {"btrfs, the file system of /", {"btrfs"}, NULL, NULL}},
    {"f2fs", {"f2fs, the file system of /", {"f2fs"}, NULL, NULL}},
    {"jfs", {"jfs, the file system of /", {"jfs"}, NULL, NULL}},
    {"reiserfs", {"reiserfs, the file system of /", {"reiserfs"}, NULL, NULL}},
    {"bcachefs", {"bcachefs, the file system of /", {"bcachefs"}, NULL, NULL}},
    {"zfs_member", {"ZFS, the file system of /", {"zfs"}, "zfs", "zfs-initramfs"}},
    {"squashfs", {"squashfs, the file system of /", {"squashfs"}, NULL, NULL}},
    {"erofs", {"erofs, the file system of /", {"erofs"}, NULL, NULL}},
};

static const struct stack_need group_need = {
    "the volume group that / is in", {"dm_mod"}, "lvm", "lvm2"};
static const struct stack_need luks_need = {
    "the encrypted volume that / is on", {"dm_crypt"}, "cryptsetup", "cryptsetup-initramfs"};
static const struct stack_need array_need = {
    "the RAID array that / is on",
    {"raid1", "raid0", "raid10", "raid456", "linear", "md_mod"},
    "mdadm",
    "mdadm"};

static const struct disk *disk_of(const struct examination *x, const struct volume *v)
{
    for (unsigned i = 0; i < x->disk_count; i++)
        if (v >= x->disks[i]->volumes && v < x->disks[i]->volumes + x->disks[i]->volume_count)
            return x->disks[i];
    return NULL;
}

/* Is a physical volume on a disk as it is? Then the group needs nothing below it. */
static bool has_plain_member(const struct examination *x)
{
    for (unsigned i = 0; i < x->disk_count; i++)
        for (unsigned j = 0; j < x->disks[i]->volume_count; j++)
            if (x->disks[i]->kind == DISK_TARGET &&
                strcmp(x->disks[i]->volumes[j].fs.type, "LVM2_member") == 0)
                return true;
    return false;
}

/* What the only disk of that kind below a volume group would be. */
static const struct disk *any_of_kind(const struct examination *x, enum disk_kind kind)
{
    for (unsigned i = 0; i < x->disk_count; i++)
        if (x->disks[i]->kind == kind && x->disks[i]->volume_count)
            return x->disks[i];
    return NULL;
}

/* By the kernel, through what has no name of its own: the array or LUKS volume that @devno stands
 * on, or the disk; NULL when it does not tell. */
static const struct disk *below_device(const struct examination *x, dev_t devno, unsigned depth)
{
    const struct disk *found = NULL;
    dev_t devices[64];
    int count = depth < STACK_NEEDS_MAX ? sysfs_related(devno, "slaves", devices, 64) : 0;

    for (int i = 0; i < count; i++) {
        const struct volume *v = examination_volume_of(x, devices[i]);
        const struct disk *d = v ? disk_of(x, v) : NULL;

        if (!d || d->kind == DISK_GROUP)
            d = below_device(x, devices[i], depth + 1);
        if (d && (!found || found->kind == DISK_TARGET))
            found = d;
    }
    return found;
}

/* What @d stands on, where that is a disk of its own; of the group that / is in, what that is on.
 * An examination without a kernel's view takes all volumes of a group to be on one. */
static const struct disk *below(const struct examination *x, const struct disk *d)
{
    const struct disk *found;

    if (d->kind != DISK_GROUP)
        return d->on ? disk_of(x, d->on) : NULL;
    found = x->root && disk_of(x, x->root) == d ? below_device(x, x->root->devno, 0) : NULL;
    if (found)
        return found->kind == DISK_TARGET ? NULL : found;
    return has_plain_member(x)         ? NULL
           : any_of_kind(x, DISK_LUKS) ? any_of_kind(x, DISK_LUKS)
                                       : any_of_kind(x, DISK_ARRAY);
}

const struct volume *stack_encrypted(const struct examination *x)
{
    const struct disk *d = x->root ? disk_of(x, x->root) : NULL;

    for (unsigned depth = 0; d && depth < STACK_NEEDS_MAX; depth++, d = below(x, d))
        if (d->kind == DISK_LUKS)
            return d->on;
    return NULL;
}

unsigned stack_needs(const struct examination *x, struct stack_need *ret)
{
    const struct disk *d = x->root ? disk_of(x, x->root) : NULL;
    unsigned count = 0;

    if (!x->root)
        return 0;
    for (size_t i = 0; i < sizeof filesystems / sizeof filesystems[0]; i++)
        if (strcmp(filesystems[i].type, x->root->fs.type) == 0)
            ret[count++] = filesystems[i].need;
    while (d && d->kind != DISK_TARGET && count < STACK_NEEDS_MAX) {
        switch (d->kind) {
        case DISK_GROUP:
            ret[count++] = group_need;
            break;
        case DISK_LUKS:
            ret[count++] = luks_need;
            break;
        case DISK_ARRAY:
            ret[count++] = array_need;
            break;
        case DISK_TARGET:
        case DISK_STAND_IN:
        case DISK_OTHER:
            return count;
        }
        d = below(x, d);
    }
    return count;
}

bool stack_is_builtin(const struct kernel_modules *m, const char *const modules[8])
{
    for (size_t i = 0; m && i < 8 && modules[i]; i++)
        if (kernel_modules_has_builtin(m, modules[i]))
            return true;
    return false;
}

bool stack_has_module(const struct kernel_modules *m, const struct initramfs *in,
                      const char *const modules[8])
{
    if (stack_is_builtin(m, modules))
        return true;
    for (size_t i = 0; i < 8 && modules[i]; i++)
        if (in ? initramfs_has_module(in, modules[i]) : kernel_modules_has_file(m, modules[i]))
            return true;
    return false;
}
