/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the host has made of a patient's disks by itself, before anybody typed a word, and nobody
 * uses: arrays and volume groups that its udev rules activated, a mount that a desktop made. It is
 * taken over after asking, and what can be given back is given back at the end.
 *
 * Wholly inside the patient, that is: no disk that was not named has a part in it. What is in use
 * in any other way is left to in_use.h, which refuses it.
 */

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

#define TAKEOVER_MAX 32

enum takeover_kind {
    TAKEOVER_MOUNT, /* of a desktop's, below /media or /run/media */
    TAKEOVER_GROUP, /* volume group */
    TAKEOVER_ARRAY,
};

struct takeover_item {
    enum takeover_kind kind;
    char name[512]; /* the mount point, "vg0", "md127"; raw */
    char id[64];    /* uuid of the group or the array, as lvm and mdadm print it */
    bool writable;  /* array: it was written to, or is being synced; else read-only until a write */
};

/* In the order in which they are taken down. */
struct takeover {
    struct takeover_item items[TAKEOVER_MAX];
    unsigned count;
};

/*
 * Look at the block devices among @targets. 0 also when there is nothing. ERROR_REFUSED "in-use"
 * when something idle has a part on a disk that was not named: the text says on which.
 */
int takeover_find(char *const *targets, unsigned count, struct takeover *ret, struct error *e);

/* "the volume group vg0" ...: safe text in @buf. Returns @buf. */
char *takeover_describe(const struct takeover_item *item, char *buf, size_t size);

/* The records for undo_record() that give it back as it is now, to be written down before it is
 * taken: of a group one for each volume that is active. None for what is not given back. 0, or what
 * @each answers when that is not 0. */
int takeover_each_record(const struct takeover_item *item,
                         int (*each)(void *userdata, const char *record), void *userdata);

/* Take it down. -EBUSY: it is in use after all. */
int takeover_take(const struct takeover_item *item, struct error *e);

/* For undo.h: activate the logical volume of this uuid, start the array ("md127 UUID", with
 * " rw" behind it when it was .writable), by the host's own
 * lvm and mdadm. Nothing of the patient may be open any more. */
int takeover_give_back_volume(const char *uuid, unsigned wait_ms, struct error *e);
int takeover_give_back_array(const char *name_and_uuid, unsigned wait_ms, struct error *e);
