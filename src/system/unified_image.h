/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Unified kernel images: an EFI program that has a kernel, its initramfs and its command line in
 * sections of its own (the UAPI group's specification of UKIs; systemd-stub(7)). Bounded. */

#include "system/boot_entry.h"

#include <stdbool.h>

struct unified_image {
    char *cmdline;    /* without what only ends it; NULL: none is inside; owned */
    char *release;    /* of the kernel; NULL: it is not said; owned */
    char *os_release; /* os-release(5) of the system that it is of; NULL; owned */
    bool has_initrd;
};

/* 0; -ENODATA: an EFI program without a kernel in it; -ENOEXEC, -EBADMSG: it is none, or damaged,
 * as of pe_image_parse(); another negative errno. */
int unified_image_read(int fd, struct unified_image *ret);
void unified_image_free(struct unified_image *u);

/*
 * Add it as an entry of a boot menu: @file inside, @path as the loader knows it. Other EFI programs
 * are none. @damaged: what cannot be read as one is an entry all the same, which it was once. 0 or
 * -ENOMEM.
 */
int unified_image_add(int fd, const char *file, const char *path, bool damaged,
                      struct boot_entries *ret);
