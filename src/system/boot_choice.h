/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Which root a boot loader's configuration boots: what its entries give to the kernel as "root="
 * and "ostree=", the default first. For a tree that is a root with /boot in it, a /boot, or an ESP:
 * it tells which of two systems is the one that boots, and which OSTree deployment.
 */

#include <stddef.h>

#define BOOT_CHOICES_MAX 32

struct boot_choice {
    char root[256];   /* "UUID=...", "/dev/sda2"; raw */
    char ostree[256]; /* "/ostree/boot.1/fedora/CHECKSUM/0"; ""; raw */
};

/* At most @max, in the order in which the loader would take them. Returns how many. A default that
 * only the running loader knows gives none. */
unsigned boot_choices_find(int tree_fd, struct boot_choice *ret, unsigned max);

/* The value of the last "KEY=value" word of a kernel command line. 0, or -ENOENT when there is
 * none, or it does not fit. Pure. */
int boot_choice_word(const char *cmdline, const char *key, char *ret, size_t size);

/* The value of a variable in GRUB's environment block (lines "NAME=value"). 0 or -ENOENT. Pure. */
int boot_choice_grubenv(const char *text, const char *name, char *ret, size_t size);

/* The number of the entry that a grub.cfg boots by default; -1 when it is chosen by name, or only
 * when GRUB runs. Pure. */
int boot_choice_grub_default(const char *text);
