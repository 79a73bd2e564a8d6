/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The target's /etc/fstab, by libmount's rules for each line (fstab(5), mnt_table_parse_stream(3)),
 * tolerant of every bad line: a bad line is an entry with .error set, never the end. Pure: text in,
 * data out. */

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

#define FSTAB_ENTRIES_MAX 512

enum fstab_class {
    FSTAB_MOUNT, /* a local file system to mount */
    FSTAB_ROOT,  /* "/" */
    FSTAB_SWAP,
    FSTAB_NETWORK,   /* nfs, cifs, _netdev, //host/share, host:/path ... */
    FSTAB_PSEUDO,    /* proc, sysfs, tmpfs, devpts ... */
    FSTAB_BIND,      /* bind, rbind, overlay of the target's own paths */
    FSTAB_MALFORMED, /* error says why */
};

struct fstab_entry {
    unsigned line; /* 1-based line of the file */
    enum fstab_class class;
    char *source;  /* decoded (\040 ...), owned */
    char *target;  /* decoded, owned */
    char *type;    /* owned */
    char *options; /* owned; "" when none */
    int passno;
    bool noauto, nofail;
    char error[128]; /* safe text; "" when well formed */
};

struct fstab {
    struct fstab_entry *entries;
    unsigned count;
};

/* Parse @size bytes. 0; -ENOMEM; -E2BIG beyond FSTAB_ENTRIES_MAX lines with content. */
int fstab_parse(const char *data, size_t size, struct fstab *ret, struct error *e);
void fstab_free(struct fstab *f);

/*
 * The options of @entry that a rescue keeps, for mounting: file-system options that change what is
 * seen or how it is written (subvol, subvolid, ro, uid, gid, umask, dmask, fmask, iocharset, utf8,
 * compress, acl, user_xattr, nodev/nosuid/noexec ...); dropped are those which would hurt (errors=,
 * noauto, nofail, x-*, comment=, user, quota, data=, commit=, discard, _netdev, defaults ...).
 * Writes a comma separated list into @ret (size @size); *ret_read_only tells about "ro".
 */
int fstab_rescue_options(const struct fstab_entry *entry, char *ret, size_t size,
                         bool *ret_read_only);
