/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/member.h"

#include <stdio.h>
#include <string.h>

#define BIOS_RAID(type)                                                                            \
    {                                                                                              \
        type, "RAID member", "a member of a RAID set of the mainboard's BIOS",                     \
            "dmraid --activate y (package dmraid)"                                                 \
    }

static const struct member_type types[] = {
    {"crypto_LUKS", "encrypted", "an encrypted LUKS volume", NULL},
    {"LVM2_member", "LVM member", "an LVM physical volume", NULL},
    {"linux_raid_member", "RAID member", "a member of a Linux RAID array", NULL},

    /* LVM 2.03 dropped the format (its WHATS_NEW). */
    {"LVM1_member", "LVM member", "an LVM physical volume of the format of LVM 1",
     "vgconvert -M2 GROUP, by an lvm2 older than 2.03"},
    /* Metadata of controllers, which mdadm reads (mdadm(8), --metadata). */
    {"ddf_raid_member", "RAID member", "a member of a RAID set of its controller (DDF)",
     "mdadm --incremental DEVICE (package mdadm)"},
    {"isw_raid_member", "RAID member", "a member of a RAID set of an Intel controller (IMSM)",
     "mdadm --incremental DEVICE (package mdadm)"},
    BIOS_RAID("adaptec_raid_member"),
    BIOS_RAID("hpt37x_raid_member"),
    BIOS_RAID("hpt45x_raid_member"),
    BIOS_RAID("jmicron_raid_member"),
    BIOS_RAID("lsi_mega_raid_member"),
    BIOS_RAID("nvidia_raid_member"),
    BIOS_RAID("promise_fasttrack_raid_member"),
    BIOS_RAID("silicon_medley_raid_member"),
    BIOS_RAID("via_raid_member"),

    /* -N: its file systems stay unmounted (zpool-import(8)). */
    {"zfs_member", "ZFS member", "a member of a ZFS pool",
     "zpool import -N -o readonly=on -R /mnt -d DEVICE POOL (packages zfs-dkms, zfsutils-linux)"},
    {"stratis", "Stratis member", "a disk of a Stratis pool",
     "stratis pool start --name POOL (packages stratisd, stratis-cli)"},
    /* Documentation/admin-guide/bcache.rst: the cache and what it caches are registered alike. */
    {"bcache", "bcache", "a bcache device",
     "modprobe bcache; echo DEVICE >/sys/fs/bcache/register, for its cache and its backing disk"},
    /* The tools of VDO itself are gone; volumes of LVM have it inside (lvmvdo(7)). */
    {"vdo", "VDO", "a VDO volume",
     "lvm_import_vdo DEVICE, or vdo start on the system that made it (package vdo)"},
    {"drbd", "DRBD", "a disk that is mirrored by DRBD",
     "drbdadm up RESOURCE (package drbd-utils), with the resource's file of the patient"},
    {"DM_integrity", "integrity", "a dm-integrity volume",
     "integritysetup open DEVICE NAME (package cryptsetup-bin), with the options that made it"},
    {"DM_verity_hash", "verity hashes", "the hashes of a dm-verity volume",
     "veritysetup open DATA NAME DEVICE ROOT-HASH (package cryptsetup-bin)"},
    {"BitLocker", "encrypted", "an encrypted BitLocker volume of Windows",
     "cryptsetup open --type bitlk DEVICE NAME (package cryptsetup-bin)"},
    {"mpath_member", "multipath member", "a path to a multipath disk",
     "multipath -v2 (package multipath-tools), and name the disk in /dev/mapper"},
    {"ceph_bluestore", "Ceph", "a disk of a Ceph cluster", "ceph-volume lvm activate --all"},
    {"VMFS_volume_member", "VMFS member", "a disk of a VMware datastore",
     "vmfs6-fuse DEVICE DIRECTORY (package vmfs6-tools)"},
    {"DM_snapshot_cow", "snapshot", "the changed blocks of a dm-snapshot", "dmsetup create"},
};

const struct member_type *member_type_find(const char *type)
{
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(types[i].type, type) == 0)
            return &types[i];
    return NULL;
}

char *member_opens(const struct member_type *m, const char *node, char *buf, size_t size)
{
    const char *rest = m->opens ? m->opens : "", *at;
    size_t used = 0;

    buf[0] = '\0';
    while (used < size && (at = strstr(rest, "DEVICE"))) {
        used += (size_t)snprintf(buf + used, size - used, "%.*s%s", (int)(at - rest), rest, node);
        rest = at + strlen("DEVICE");
    }
    if (used < size)
        (void)snprintf(buf + used, size - used, "%s", rest);
    return buf;
}
