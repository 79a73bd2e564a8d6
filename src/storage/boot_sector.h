/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The first sector of a disk, which a BIOS starts. Pure. */

#include <stdbool.h>
#include <stdint.h>

#define BOOT_SECTOR_SIZE 512

struct boot_sector {
    bool signature;       /* 0x55 0xaa at its end: a BIOS looks at no other */
    bool has_code;        /* it is not empty */
    bool is_grub;         /* GRUB 2's boot.img */
    uint64_t core_sector; /* is_grub: where it loads GRUB's core image from, in 512 bytes */
};

/* @sector has BOOT_SECTOR_SIZE bytes. */
void boot_sector_parse(const unsigned char *sector, struct boot_sector *ret);
