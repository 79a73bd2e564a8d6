/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* config.txt of the Raspberry Pi's firmware ("config.txt" in its documentation): what it boots.
 * Only what holds for every model counts; a setting below a filter for one model is that model's.
 * Pure. */

#include "system/boot_entry.h"

#include <stdbool.h>
#include <stddef.h>

struct pi_config {
    char kernel[128];    /* "" when the firmware chooses by model: kernel8.img, kernel7.img ... */
    char initramfs[128]; /* "" when there is none */
    char cmdline[128];   /* "cmdline.txt" */
    char prefix[128];    /* os_prefix: put before the names above */
    unsigned kernel_line, initramfs_line;
    bool automatic; /* auto_initramfs: the firmware takes the one that goes with the kernel */
};

void pi_config_parse(const char *data, size_t size, struct pi_config *ret);

/* The one entry that the firmware has, with @cmdline, the text of the file of that name. 0 or
 * -ENOMEM. */
int pi_config_entry(const struct pi_config *pi, const char *file, const char *cmdline,
                    struct boot_entries *ret);
