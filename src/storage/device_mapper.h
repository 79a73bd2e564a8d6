/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Device-mapper devices: found in /sys, renamed and removed through /dev/mapper/control
 * (linux/dm-ioctl.h). Made by cryptsetup and lvm, but taken down here: this must work in the keeper
 * after a crash, where no program may be missing, and libdevmapper's cookies would outlive us.
 */

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define DM_NAME_MAX 128
#define DM_UUID_MAX 130

struct dm_device {
    dev_t devno;
    char node[32];          /* "/dev/dm-3" */
    char name[DM_NAME_MAX]; /* "vg0-root" */
    char uuid[DM_UUID_MAX]; /* "LVM-..." or "CRYPT-LUKS2-...": who made it, and of what */
};

/* All whose uuid begins with @uuid_prefix; at most @max. Returns how many. */
unsigned dm_find(const char *uuid_prefix, struct dm_device *ret, unsigned max);

/* A part of a mapping, in sectors of 512 bytes. */
struct dm_segment {
    uint64_t start, length;
    const char *device; /* "/dev/loop3" */
    uint64_t offset;
};

/* Make a mapping of pieces of other devices (target "linear"); @read_only: as those then may be. 0 or
 * a negative errno; then there is none. */
int dm_create_linear(const char *name, const char *uuid, const struct dm_segment *segments,
                     unsigned count, bool read_only, struct error *e);

/* The one of that name: 0 or -ENOENT. */
int dm_find_name(const char *name, struct dm_device *ret);

/* How often it is open (mounted, below another one ...), or a negative errno. */
int dm_open_count(const char *name);

/* Give a device another name. 0; -EBUSY when the name is taken. */
int dm_rename(const char *name, const char *new_name);

/*
 * Remove all devices whose uuid begins with @uuid_prefix, those on top of others first. Waits up to
 * @wait_ms for users that are about to go (udev looks at every new device for a moment).
 * 0, or -EBUSY with the name of one that is in use.
 */
int dm_remove(const char *uuid_prefix, unsigned wait_ms, struct error *e);

/* The same for what we have made: what is in use goes with its last user (DM_DEFERRED_REMOVE),
 * whether somebody comes back for it or not. */
int dm_remove_ours(const char *uuid_prefix, unsigned wait_ms, struct error *e);
