/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Device filters of LVM (lvm.conf(5), filter): "a|^/dev/sda|" accepts, "r|.*|" rejects; the
 * character behind the letter delimits, and of several patterns the first that matches decides.
 * Pure. */

#include "system/lvm_config.h"

enum lvm_verdict {
    LVM_UNMATCHED, /* no pattern: LVM takes the device */
    LVM_ACCEPTED,
    LVM_REJECTED,
    LVM_UNKNOWN, /* a pattern that we do not follow may decide it */
};

struct lvm_filter;

/* Prepare the patterns of @setting. NULL when there is no memory. */
struct lvm_filter *lvm_filter_open(const struct lvm_setting *setting);
void lvm_filter_close(struct lvm_filter *f);

/* What becomes of a device with the one name @device, "/dev/sda2"; *ret_pattern: the number, from
 * 0, of the pattern that accepts or rejects it. A device with several names is taken when one of
 * them is accepted, and passed over when none is, and one is rejected. */
enum lvm_verdict lvm_filter_match(const struct lvm_filter *f, const char *device,
                                  unsigned *ret_pattern);

/* Of one pattern, by its number: does it accept, has it several branches ("sda|sdb"), and does it
 * fit @device? */
bool lvm_filter_accepts(const struct lvm_filter *f, unsigned pattern);
bool lvm_filter_has_branches(const struct lvm_filter *f, unsigned pattern);
bool lvm_filter_fits(const struct lvm_filter *f, unsigned pattern, const char *device);
