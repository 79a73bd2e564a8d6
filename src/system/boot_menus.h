/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which boot loaders a tree has configurations of, and what each of them would boot. Reads only. */

#include "system/boot_entry.h"
#include "system/grub_config.h"
#include "system/grub_environment.h"

#include <stdbool.h>
#include <stddef.h>

#define BOOT_MENUS_MAX 8

enum boot_loader {
    BOOT_GRUB,         /* grub.cfg, with the BLS entries that it takes in */
    BOOT_SYSTEMD_BOOT, /* loader.conf, BLS entries, unified kernel images */
    BOOT_EXTLINUX,     /* extlinux, syslinux, U-Boot's distro boot */
    BOOT_PI,           /* the Raspberry Pi's firmware */
};

struct boot_menu {
    enum boot_loader loader;
    char file[300];              /* its configuration, inside */
    struct boot_entries entries; /* in the order of the menu */
    int default_entry;           /* index of what is booted by default; -1: none */
    bool default_missing;        /* .default_name is in no entry; loaders take the first then */
    char *default_name;          /* what the configuration names as default; NULL: nothing; owned */
    unsigned default_line;       /* of .file, where it does; 0: not there */
    bool default_unknown;        /* the running loader decides */
    char undefined[64];          /* a variable in BLS entries that is not set; "" */
    bool blscfg;                 /* BOOT_GRUB: it takes in the BLS entries */
    unsigned error_line;         /* BOOT_GRUB: see struct grub_config */
    char error[128];
};

struct boot_menus {
    struct boot_menu items[BOOT_MENUS_MAX]; /* the one that most probably counts first */
    unsigned count;
    /* GRUB's environment block. */
    char environment_file[300]; /* "" when there is none */
    char *environment;          /* its bytes; owned; NULL: it could not be read */
    size_t environment_size;
};

enum boot_tree {
    BOOT_TREE_ROOT, /* of a system, with all that is mounted in it */
    BOOT_TREE_BOOT, /* what is mounted on /boot, by itself; names in the results begin with /boot */
};

/* Read them all. Never fails: what cannot be read is not there; 0 or -ENOMEM. */
int boot_menus_read(int tree_fd, enum boot_tree kind, struct boot_menus *ret);
void boot_menus_free(struct boot_menus *m);

/* "GRUB", "systemd-boot", ... */
const char *boot_loader_name(enum boot_loader l);
