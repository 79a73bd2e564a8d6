/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Drivers that this host's kernel may lack, or has as a module that nobody has loaded yet. */

#include "base/error.h"

enum kernel_feature {
    KERNEL_DEVICE_MAPPER, /* LUKS, LVM */
    KERNEL_MD,            /* Linux RAID */
    KERNEL_FUSE,          /* layers and image formats */
};

/*
 * Load the driver when it is not there. 0, or -ENODEV with ERROR_HOST, reason "kernel-feature", and
 * the text "@what, and this host's kernel has no ..." (@what is safe text: "part2 is encrypted").
 */
int kernel_feature_require(enum kernel_feature feature, const char *what, struct error *e);
