/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * OSTree: a file system that holds several versions ("deployments") of an operating system, each a
 * directory that is the root when it is booted (ostree's "Deployments" and "Atomic Upgrades" in its
 * documentation). Their files are hard links into one repository.
 */

#include "base/error.h"

#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

#define OSTREE_DEPLOYMENTS_MAX 32

struct ostree_deployment {
    char os[64];       /* "fedora" */
    char checksum[65]; /* of the commit */
    unsigned serial;
    char path[256]; /* below the file system's root: "ostree/deploy/fedora/deploy/CHECKSUM.0" */
    time_t deployed;
    dev_t dev; /* of its directory */
    ino_t ino;
};

/* Fill .checksum and .serial from the name of a directory, "CHECKSUM.SERIAL", as OSTree writes it.
 * False when it is none. */
bool ostree_parse_name(const char *name, struct ostree_deployment *ret);

/* The deployments in the file system @root_fd, the one that was made last first; at most @max.
 * Returns how many; 0 when there is no OSTree. */
unsigned ostree_find(int root_fd, struct ostree_deployment *ret, unsigned max);

/* "fedora/1a2b3c4d5e.0": short, and in one file system unique. Raw. Returns @buf. */
char *ostree_name(const struct ostree_deployment *d, char *buf, size_t size);

/* The one that "ostree=@argument" of a kernel command line means: its index, or -1. */
int ostree_resolve(int root_fd, const struct ostree_deployment *deployments, unsigned count,
                   const char *argument);
