/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Which roots the boot loaders' configurations boot: what their entries give to the kernel as
 * "root=" and "ostree=". For a tree that is a root with /boot in it, a /boot, or an ESP: it tells
 * which of two systems is the one that boots, and which OSTree deployment.
 */

#include <stdbool.h>

#define BOOT_ROOTS_MAX 32

struct boot_root {
    char root[256];   /* "UUID=...", "/dev/sda2"; raw */
    char ostree[256]; /* "/ostree/boot.1/fedora/CHECKSUM/0"; ""; raw */
    bool is_default;  /* of a menu whose default is not chosen by the running loader */
};

/* At most @max, each menu's default before its other entries; none of rescue entries. Returns how
 * many. */
unsigned boot_roots_find(int tree_fd, struct boot_root *ret, unsigned max);
