/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* LUKS1 and LUKS2 volumes, opened by cryptsetup(8). */

#include "base/error.h"
#include "storage/volume.h"

#include <stdbool.h>
#include <stddef.h>

#define LUKS_PASSPHRASE_MAX 512 /* cryptsetup-open(8), interactive */

/* How to open one. All strings are the caller's. */
struct luks_key {
    const char *file;  /* key file of the host, or NULL */
    const void *bytes; /* else the passphrase itself */
    size_t size;
    const char *header; /* detached header: a file of the host; or NULL */
};

/* What the uuid of its mapping of the name @name begins with (libcryptsetup's dm backend). */
void luks_dm_prefix(const struct volume *v, const char *name, char *ret, size_t size);

/*
 * Open @v, called @title in messages (safe text), as the mapping @name. 0; -EKEYREJECTED: this key
 * does not fit; -EBUSY: the name is taken; else a negative errno with an error: "program-missing"
 * names the package cryptsetup, "damaged" says what cryptsetup found wrong with the header.
 */
int luks_open(const struct volume *v, const char *title, const char *name,
              const struct luks_key *key, bool read_only, struct error *e);
