/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The subvolumes of a btrfs, from its tree of tree roots: what each is, and of which it was made.
 * Asked of the kernel (btrfs-ioctl(2), BTRFS_IOC_TREE_SEARCH_V2) below any directory of the file
 * system, so that nothing has to be mounted a second time.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* Container engines make one for each layer of an image; those beyond are not seen. */
#define SUBVOLUMES_MAX 16384

#define SUBVOLUME_TOP 5 /* id of the top level, BTRFS_FS_TREE_OBJECTID */

struct subvolume {
    uint64_t id;
    uint64_t parent;    /* id of the one that it lies in; 0: the top level, or not to be reached */
    uint64_t directory; /* inode number of its directory in there */
    char name[256];     /* raw */
    unsigned char uuid[16];     /* all zero when it has none (made before Linux 3.6) */
    unsigned char made_of[16];  /* it is a snapshot of that one, which need not be there any more */
    unsigned char received[16]; /* it was sent (btrfs-receive(8)); the same for each copy */
    time_t created;             /* 0 unknown */
    time_t changed;             /* the last change of what is in it; of a snapshot that nobody has
                                   written to since: of what it was made of, before; 0 unknown */
    bool read_only;
};

struct subvolume_set {
    struct subvolume *items; /* in the order of their ids, the top level first */
    unsigned count;
    uint64_t default_id; /* what a mount without "subvol" gives */
};

/* 0 or a negative errno; subvolumes_free() in either case. */
int subvolumes_read(int fd, struct subvolume_set *ret);
void subvolumes_free(struct subvolume_set *s);

const struct subvolume *subvolume_find(const struct subvolume_set *s, uint64_t id);

/* Its path from the top level, without a slash before it, into @ret. 0; -ENOENT when it cannot be
 * reached; -ENAMETOOLONG. */
int subvolume_path(int fd, const struct subvolume_set *s, const struct subvolume *v, char *ret,
                   size_t size);

/*
 * Which of them are versions of one another: into ret_family[i] the least index of those that
 * belong together with item i. Told by what they were made of, and by lying side by side where
 * snapper(8) puts its snapshots.
 */
void subvolume_families(const struct subvolume_set *s, unsigned *ret_family);

/* Append what @count found items in @data tell. Pure: for fuzzing. 0 or -ENOMEM. */
int subvolumes_parse(const unsigned char *data, size_t size, unsigned count,
                     struct subvolume_set *s);
