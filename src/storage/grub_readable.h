/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Can GRUB read a file system? Its drivers are its own, and know fewer features than the kernel's.
 * Pure. */

#include <stdbool.h>
#include <stddef.h>

/* 2.06 is 206. */
#define GRUB_VERSION(major, minor) ((major)*100 + (minor))

/* Bytes of a volume's start that the superblocks looked at lie in. */
#define GRUB_READABLE_BYTES 4096

struct grub_obstacle {
    const char *feature; /* "metadata_csum_seed" */
    unsigned since;      /* the version that can read it; 0: none */
};

/*
 * A feature of the file system of @type, from the first @size bytes of its volume, that GRUB of
 * @version (0: any) cannot read. 0 with *ret; -ENOENT when there is none.
 */
int grub_find_obstacle(const char *type, const unsigned char *data, size_t size, unsigned version,
                       struct grub_obstacle *ret);

/* Of a LUKS2 header, with its JSON text. */
#define GRUB_LUKS_BYTES 65536

/* Can GRUB open the LUKS volume of which @data is the start? Not when all key slots of a LUKS2 volume
 * have Argon2, which GRUB knows from 2.14 on. */
bool grub_can_open_luks(const unsigned char *data, size_t size);

/* The version that a module of GRUB's (normal.mod) was built as; 0: it does not say. */
unsigned grub_version_of_module(const char *data, size_t size);
