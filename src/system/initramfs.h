/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What is in an initramfs: the names of all its members, and the text of those that decide what is
 * loaded. Unpacking the bytes of a stranger is done by a process of its own, which has no rights
 * and little memory and time, and dies with us.
 */

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define INITRAMFS_NAMES_MAX 100000
#define INITRAMFS_FILES_MAX 256
#define INITRAMFS_FILE_MAX  65536 /* bytes of one that are kept */

struct initramfs_file {
    char *name; /* "etc/modprobe.d/x.conf"; owned, like .data */
    char *data; /* NUL-terminated */
    size_t size;
};

struct initramfs {
    char **names; /* sorted, without a slash at their start; raw; owned */
    unsigned count;
    struct initramfs_file files[INITRAMFS_FILES_MAX];
    unsigned file_count;
    char compression[16]; /* of its last member: "zstd", "gzip", ...; "none" */
    char problem[200];    /* safe text: why the kernel would not unpack it; "" */
    bool unknown;         /* it could not be looked into for a reason of ours: .problem is that */
};

/* Being read: several at a time. */
struct initramfs_reader {
    pid_t pid;
    int fd;
};

/* Start to read the open file @fd, which may be closed then. 0 or a negative errno. */
int initramfs_start(struct initramfs_reader *r, int fd, struct error *e);

/* Wait for it. An initramfs with a problem is no failure. 0 or a negative errno. */
int initramfs_finish(struct initramfs_reader *r, struct initramfs *ret, struct error *e);

void initramfs_free(struct initramfs *i);

/* Is a member of that name there: "init", "usr/bin/lvm"? */
bool initramfs_has(const struct initramfs *i, const char *name);

/* Is a program of that name in one of its bin directories? */
bool initramfs_has_program(const struct initramfs *i, const char *name);

/* Is the module there ("virtio_blk", as modprobe names it), compressed or not? */
bool initramfs_has_module(const struct initramfs *i, const char *module);

/* Is it one of any kind, and not only microcode (by its /init)? */
bool initramfs_has_init(const struct initramfs *i);
