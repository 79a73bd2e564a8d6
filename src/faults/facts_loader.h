/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Facts about boot loaders as they are installed: GRUB's directory, the first sectors of the disks,
 * the EFI system partition. */

#include "faults/facts_boot.h"
#include "storage/boot_sector.h"

#include <stdbool.h>

/* GRUB's directory, "/boot/grub" or "/boot/grub2"; NULL when there is none, or it is not seen. */
const char *facts_grub_directory(const struct examination *x);

/* Its modules for a BIOS: "/boot/grub/i386-pc" is there. @ret: size PATH_MAX. */
bool facts_grub_bios(const struct examination *x, char *ret);

/* The volume that GRUB's directory is on; NULL when the disks are not known. */
const struct volume *facts_grub_volume(const struct examination *x);

/* Is that in a copy of a volume group that this host has, too? GRUB's way to a /boot inside LVM is
 * the uuid of the group, built into its program ("(lvmid/...)/boot/grub"): one that is installed
 * here looks for the uuid that the copy has only here (storage/clone_group.h). */
bool facts_grub_in_copied_group(const struct examination *x);

/* The version of GRUB as it is installed, GRUB_VERSION(); 0: not known. */
unsigned facts_grub_version(const struct examination *x);

/* The first sector of a disk of the patient. False when it cannot be read. */
bool facts_boot_sector(const struct disk *d, struct boot_sector *ret);

struct facts_esp {
    const struct volume *volume; /* NULL: not known */
    char place[32]; /* where it is in the tree: "/boot/efi"; "" when it is not mounted */
    int fd;         /* its root directory; -1: it cannot be looked into */
};

/* The EFI system partition, or the directory of a tree that looks like one. Owned by the
 * examination; never NULL: without one both .volume and .fd are empty. */
const struct facts_esp *facts_esp(struct examination *x);

/* Does the ESP have a boot loader in it: any EFI program below /EFI? Not those in /EFI/Linux, when
 * it is systemd-boot that starts them. */
bool facts_esp_has_loader(struct examination *x);
