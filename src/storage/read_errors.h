/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Reads of the patient's disks that fail, whoever made them: a check, a mount, a program inside.
 * The one place where all of them are told of is the kernel's log; a disk has no counter that is
 * the same for every driver.
 */

#include "storage/disk.h"

struct read_errors {
    int fd;         /* the kernel's log; -1: it cannot be read here, and nothing is noticed */
    unsigned count; /* messages: the kernel leaves some out when there are many */
    char first[96]; /* "sdb, sector 2048": safe text; "" none */
};

/* From now on. */
void read_errors_begin(struct read_errors *r);

/* Take what the log says since the last call. Are there any of these disks, now or before? */
bool read_errors_look(struct read_errors *r, struct disk *const *disks, unsigned disk_count);

/* In a child: the same from here on, by a descriptor of its own, so that the parent's stays where
 * it is. @r may be NULL. */
void read_errors_reopen(struct read_errors *r);

void read_errors_end(struct read_errors *r);

/*
 * The device and the place that a message of the kernel's log says could not be read: "sdb" and
 * "sector 2048" of "I/O error, dev sdb, sector 2048 op 0x0:(READ) flags 0x0 ...". false: it tells
 * of something else, or of a write. Pure.
 */
bool read_errors_parse(const char *message, char device[64], char place[64]);
