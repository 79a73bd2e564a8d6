/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One disk of the patient: an image file or a block device, guarded against everybody else who may
 * use it, with its partitions reachable as device nodes.
 *
 * An image, and a disk whose partitions the kernel did not scan, is put behind ONE loop device
 * over the whole disk (LO_FLAGS_AUTOCLEAR | LO_FLAGS_PARTSCAN, loop(4)); partitions that the kernel
 * does not find are added by BLKPG (blkpg.h). Loops with an offset are never used: their page cache
 * is not coherent with the whole disk's, and grub-install through them breaks a disk.
 */

#include "base/error.h"
#include "storage/image_chain.h"
#include "storage/layer.h"
#include "storage/volume.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DISK_VOLUMES_MAX 128

enum disk_access {
    DISK_READ,  /* read-only, shared with other readers; a loop is made read-only */
    DISK_WRITE, /* exclusive: O_EXCL, flock(LOCK_EX), qemu's lock bytes taken */
    /* As DISK_READ, but what takes a write to be seen as it is (a journal that has to be replayed,
     * an array) may be written to: that goes to a layer, and is gone afterwards. */
    DISK_SCRATCH,
};

struct disk_request {
    enum disk_access access;
    bool layer; /* DISK_SCRATCH: a layer also where nothing seems to take a write */
    /* For disk_open_for_list(): behind a loop device also where the kernel has nodes of all
     * partitions, so that nothing that is assembled on them can write to them. */
    bool aside;
    /* For disk_open_for_list(): never behind a loop device, for a disk that this host runs from.
     * One whose partitions the kernel does not show all cannot be opened then: -ENODEV. */
    bool direct;
    /* Before something is made that outlives the process, with the record for undo_record(). */
    int (*record)(void *userdata, const char *record);
    image_chain_confirm *confirm; /* a further file that an image names; NULL: none is opened */
    void (*note)(void *userdata, const char *text); /* one line for the person; may be NULL */
    void *userdata;
};

enum disk_kind {
    DISK_TARGET,   /* the user named it */
    DISK_ARRAY,    /* made of others by assemble.h: RAID array, */
    DISK_LUKS,     /* opened LUKS volume, */
    DISK_STAND_IN, /* made for a group, see clone_group.h: has no volumes and no node */
    DISK_GROUP,    /* volume group: its volumes are the logical volumes, it has no node itself */
    DISK_OTHER,    /* something that only the host makes (bcache, Stratis, BitLocker): for a look */
};

/* What was there before, where nothing is found (table_lost.h). */
enum disk_lost {
    DISK_LOST_NOTHING,
    DISK_LOST_END,   /* the copy of a larger disk, which ends too early */
    DISK_LOST_START, /* its GPT; the copy at the end is intact */
};

struct disk {
    enum disk_kind kind;
    char target[4096];       /* what the user typed; else the name */
    char node[128];          /* the whole disk as a device: "/dev/sdb", or our "/dev/loop3" */
    dev_t devno;             /* of the target, or what was assembled; 0: an image, or a group */
    char name[64];           /* short name: "sdb", the image's file name, "md0", "vg0" */
    char record[160];        /* assembled: what undo_record() needs */
    char opened_as[128];     /* assembled: the name that it has here, when it is not .name */
    bool degraded;           /* assembled without all of its members */
    const struct volume *on; /* DISK_LUKS: the encrypted volume */
    bool is_image;           /* target is a regular file */
    bool is_loop;            /* node is a loop device of ours, released by disk_close() */
    bool aside, direct;      /* as it was requested */
    unsigned selected;       /* target named this partition: the root to rescue; 0: the disk */
    char table[8];           /* "gpt", "dos", or "" when there is no partition table */
    char table_id[64];       /* disk GUID or MBR id, as libblkid prints it */
    char table_error[256]; /* what is wrong with the table (overlap, beyond the end), safe text; ""
                            */
    enum disk_lost lost;
    uint32_t sector_size;       /* logical, 512 or 4096 */
    uint64_t size;              /* bytes */
    char model[64], serial[64]; /* from /sys, raw; "" when unknown */
    int backing_fd;             /* the target itself, held as `access` says */
    struct layer layer;         /* what serves its contents, when the target itself cannot */
    int content_fd;             /* its contents as they are: the target, or the layer; borrowed */
    int node_fd;                /* node, held open so that an autoclear loop lives */
    enum disk_access access;    /* DISK_SCRATCH became DISK_READ where nothing takes a write */
    struct volume
        volumes[DISK_VOLUMES_MAX]; /* partitions in number order; or the whole disk alone */
    unsigned volume_count;
};

/*
 * Open @target for the patient. Checks, in this order: it exists, is a regular file or a block
 * device, is not empty; nobody uses it (in_use.h: ERROR_REFUSED, reason "in-use", with who holds
 * it); then holds it, starts a layer when one is needed (an image in another format, DISK_SCRATCH),
 * makes the loop when one is needed, adds partitions and probes each volume.
 * A target that is a partition node opens the whole disk and sets .selected.
 * A disk that holds LVM, RAID or LUKS members only is no error here: volumes say what they are.
 * On failure everything that was made is released. Returns 0 or a negative errno.
 */
int disk_open(struct disk *ret, const char *target, const struct disk_request *request,
              struct error *e);

/*
 * As disk_open(), for a look that must never disturb: no guard, no lock, O_RDONLY, and for a block
 * device with kernel partitions no loop. Used by `list`. @request->access is not DISK_WRITE.
 */
int disk_open_for_list(struct disk *ret, const char *target, const struct disk_request *request,
                       struct error *e);

/* Put a layer under a disk that was opened with DISK_SCRATCH and needed none: what is written to it
 * from now on goes there. Its volumes are found again; nothing may be mounted. */
int disk_add_layer(struct disk *d, const struct disk_request *request, struct error *e);

/*
 * Flush, let go of the nodes and wait until an own loop device is really gone (at most
 * @wait_ms milliseconds), and its layer too. Returns 0, -EBUSY with who still holds it, or what
 * failing_write_is() tells: all is closed, but not all was written.
 * Everything is closed in either case; with a @wait_ms of 0 what outlives a process is left as it
 * is. Closing a zeroed or closed struct does nothing.
 */
int disk_close(struct disk *d, unsigned wait_ms, struct error *e);

/*
 * For assemble.h: @node is what was assembled for @d, which has its name, kind and access. Finds
 * its partitions, or the one volume on it, and probes. 0 or a negative errno; disk_close() in
 * either case.
 */
int disk_use_assembled(struct disk *d, const char *node, struct error *e);

/* Probe all volumes (again, after a check has changed them). One that cannot be read is marked. */
int disk_probe_volumes(struct disk *d, struct error *e);

/* How to name @v, which is on @d, among several disks: "a.img part2", "sdb2", "vg0/root". Safe text
 * in @buf. Returns @buf. */
char *disk_volume_title(const struct disk *d, const struct volume *v, char *buf, size_t size);

/* Is there a node by which a person reaches @v with other programs? None of ours, which goes with
 * us: not in an image, nor in what we have assembled. In @buf. */
bool disk_volume_is_reachable(const struct disk *d, const struct volume *v, char *buf, size_t size);

/* That node in @buf, or "DEVICE". Returns @buf. */
char *disk_volume_node(const struct disk *d, const struct volume *v, char *buf, size_t size);

/* Does @target name the disk @d, or a partition of it? For targets that are given twice. An image
 * and a loop device over it are the same. */
bool disk_is(const struct disk *d, const char *target);
