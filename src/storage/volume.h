/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A volume: one block device that can carry a file system. A whole disk, a partition; with the
 * layers of assemble.h also a logical volume, an array, an opened LUKS mapping. Plain data.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* What libblkid (and our own look at the superblock) says about the contents of a volume. */
struct filesystem {
    char type[32];  /* "ext4", "xfs", "swap", "crypto_LUKS", "LVM2_member", ...; "" when nothing */
    char usage[16]; /* libblkid's USAGE: "filesystem", "raid", "crypto", "other"; "" */
    char uuid[64];  /* as libblkid prints it; "" when there is none */
    char uuid_sub[64]; /* of this device, where several carry one file system or array */
    char label[256];   /* raw bytes of the disk: use text_safe() to print */
    char version[32];
    uint64_t size;        /* bytes the file system claims; 0 unknown */
    bool dirty;           /* needs a journal replay or was not unmounted */
    bool has_errors;      /* the superblock records errors (ext) */
    bool checked_in_full; /* ext: what "fsck -a" at boot looks at from end to end: marked as faulty,
                             or not unmounted and without a journal. A journal is replayed, no more
                           */
    int64_t check_from;   /* ext: from then on each boot checks it in full; 0 never */
    bool check_at_mount;  /* ext: it was mounted so often that the next boot does */
    bool hibernated;      /* swap that holds a suspended system (swsuspend and its relatives) */
    unsigned device_count; /* btrfs: how many devices it is made of; else 0 */
    /* Nothing is known at the beginning, but an ext superblock's copy is there: in this block of so
     * many bytes; 0 none. */
    unsigned backup_block, backup_block_size;
    char backup_uuid[40];
    bool ambiguous; /* libblkid found several signatures: refuse to guess */
};

struct volume {
    char node[128];       /* device node to hand to programs, "/dev/loop0p2" */
    dev_t devno;          /* device number of node */
    char name[160];       /* how a person knows it: "sdb2" for /dev/sdb2, "part2" in an image */
    unsigned number;      /* partition number; 0: the whole disk */
    uint64_t start;       /* bytes from the start of the disk */
    uint64_t size;        /* bytes */
    char part_type[40];   /* GPT type GUID, or "0x83" for MBR; "" when not a partition */
    uint64_t part_flags;  /* GPT: the attributes; MBR: 0x80 is the active one */
    char part_uuid[64];   /* PARTUUID as the kernel and blkid name it */
    char part_label[128]; /* GPT name, UTF-8, raw */
    char dm_name[128];    /* mapping: its name below /dev/mapper; "" */
    char source[144];     /* by which name its mounts are to show it; "": .node */
    struct filesystem fs;
    bool unreadable; /* its first blocks cannot be read: the disk fails, or a part of it is missing
                      */
    bool read_only;  /* the device takes no writes: write-protected, or a part of it is missing */
    bool scratch;    /* what is written to it is gone afterwards: a journal may be replayed */
    bool taken; /* part of an array, a group, an opened mapping or another volume's file system */
    const struct volume *next_member; /* further devices of one btrfs */
};
