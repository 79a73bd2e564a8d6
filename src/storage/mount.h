/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* File systems mounted by descriptor (fsopen(2), fsconfig(2), fsmount(2)): no path is involved
 * before the caller attaches the result with move_mount(2). */

#include "base/error.h"
#include "storage/volume.h"

#include <stdbool.h>

enum mount_mode {
    MOUNT_WRITE,     /* read-write; the journal is replayed */
    MOUNT_READ,      /* read-only mount; the journal may be replayed by the kernel */
    MOUNT_NO_REPLAY, /* read-only without replay: ext noload, xfs norecovery, btrfs
                        rescue=nologreplay: for a look that must not write */
};

/*
 * Make a detached mount of @v. @options are the file system's own options, comma separated, as the
 * target's fstab has them ("subvol=@,compress=zstd"); NULL for none. An option which the kernel
 * refuses is left out and named in @ret_dropped (comma separated, may be NULL; @dropped_size).
 * "nouuid" is added for an XFS twin of a mounted file system. Mounts are noatime and keep
 * devices and suid programs, as a booting system would have them.
 * Returns a descriptor (O_CLOEXEC) or a negative errno: -ENODEV with ERROR_HOST when this kernel
 * does not know the type, -EUCLEAN or -EINVAL when the file system is damaged; the kernel's own
 * words (fscontext messages) are in the text.
 */
int mount_volume(const struct volume *v, enum mount_mode mode, const char *options,
                 char *ret_dropped, size_t dropped_size, struct error *e);

/* Is it a file system that cannot be written to at all (squashfs, erofs, iso9660)? */
bool mount_is_read_only_type(const char *type);
