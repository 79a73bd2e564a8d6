/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a boot loader can boot, as its configuration says: plain data that the parsers of the
 * loaders' formats fill. All strings are raw bytes of the disk. */

#include <stdbool.h>
#include <stddef.h>

#define BOOT_ENTRIES_MAX 256
#define BOOT_INITRDS_MAX 8

struct boot_entry {
    char *file;    /* absolute path inside of the configuration it is from; owned */
    unsigned line; /* where it begins there, 1-based */
    char *title;   /* owned, never NULL */
    char *id;   /* --id of GRUB, the name of a BLS file, the label of extlinux; owned, never NULL */
    int parent; /* index of the submenu that it is in; -1: the menu itself */
    bool submenu; /* it is one, and boots nothing itself */
    char *kernel; /* the kernel, as the loader is told; owned; NULL: it boots something else */
    unsigned kernel_line;
    char *initrds[BOOT_INITRDS_MAX]; /* owned */
    unsigned initrd_count, initrd_line;
    char *options;      /* the kernel's command line; owned, never NULL */
    char *options_file; /* where that stands, when it is not .file; owned; NULL */
    char *devicetree;   /* owned; NULL: none */
    char *search;       /* "UUID=...", "LABEL=...": the file system that paths are on; owned; NULL:
                           the one that the loader reads its configuration from */
    char *sort_key, *version, *machine_id; /* BLS; owned; NULL: not said */
    bool opaque;                           /* something in it is only known to the running loader */
    bool unified;    /* .kernel is an image that has initramfs and command line inside */
    bool has_initrd; /* such a one has an initramfs */
    char *release;   /* of the kernel in it, as it says; owned; NULL */
    char *os_id;     /* ID of os-release(5) of the system that it is of; owned; NULL */
};

struct boot_entries {
    struct boot_entry *items;
    unsigned count;
};

/* A new entry at the end; NULL without memory or when there are too many. It is valid until the
 * next one is added. */
struct boot_entry *boot_entries_add(struct boot_entries *e, const char *file, unsigned line);
void boot_entries_free(struct boot_entries *e);

/* Put a copy of @size bytes in place of an owned string. 0 or -ENOMEM. */
int boot_entry_set(char **member, const char *value, size_t size);

/* One more initrd; more than BOOT_INITRDS_MAX are passed over. 0 or -ENOMEM. */
int boot_entry_add_initrd(struct boot_entry *e, const char *path, size_t size);

/* One that an administrator keeps for bad days, and that is not expected to boot by itself: a
 * rescue or recovery entry. */
bool boot_entry_is_rescue(const struct boot_entry *e);
