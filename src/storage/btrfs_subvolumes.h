/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The subvolumes of a mounted btrfs, from its root tree (BTRFS_IOC_TREE_SEARCH, ioctl_btrfs(2)). */

#include <stdbool.h>
#include <stdint.h>

/* A system with a snapshot an hour has hundreds; what is beyond is not looked at. */
#define BTRFS_SUBVOLUMES_MAX 4096

struct btrfs_subvolume {
    uint64_t id;
    char *path; /* from the top level, without a slash at its start; raw; owned */
};

struct btrfs_subvolumes {
    struct btrfs_subvolume *items;
    unsigned count;
    bool incomplete; /* there are more, or some could not be resolved */
};

/* Read them all; @fd is open on anything in the file system. 0 or a negative errno. */
int btrfs_subvolumes_read(int fd, struct btrfs_subvolumes *ret);
void btrfs_subvolumes_free(struct btrfs_subvolumes *s);

/*
 * Is the subvolume there that mount options choose ("subvol=/@home,compress=zstd", "subvolid=256")?
 * True when they choose none, or the top level. Pure.
 */
bool btrfs_subvolumes_have(const struct btrfs_subvolumes *s, const char *options);
