/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The ways in which somebody may use a disk, each looked for in its own file. Internal to storage/.
 * Every look returns 1 and a clause for a person ("mounted on /srv"), or 0. */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define USED_DEVICES_MAX 130

/* What is asked about: a regular file, or a disk with its partitions. */
struct used_target {
    bool is_file;
    dev_t dev; /* of the file's own file system */
    ino_t ino;
    dev_t devices[USED_DEVICES_MAX]; /* block devices: the disk first */
    unsigned device_count;
};

/* What used_by_mount() returns when the root of this host is on it. */
#define USED_BY_HOST_ROOT 2

/* used_mounts.c: /proc/PID/mountinfo of every mount namespace, and /proc/swaps. */
int used_by_mount(const struct used_target *t, char *ret, size_t size);
int used_by_swap(const struct used_target *t, char *ret, size_t size);

/* used_devices.c: device-mapper, md, and loop devices; an exclusive opener. */
int used_by_multipath(const struct used_target *t, char *ret, size_t size);
int used_by_holder(const struct used_target *t, char *ret, size_t size);
int used_by_loop(const struct used_target *t, char *ret, size_t size);
int used_exclusively(const struct used_target *t, char *ret, size_t size);

/* used_processes.c: locks on byte ranges (qemu's), and descriptors of other processes. @fd is the
 * target, opened by us. */
int used_by_lock(const struct used_target *t, int fd, char *ret, size_t size);
int used_by_process(const struct used_target *t, char *ret, size_t size);

/* By any process but us that has it open, for whatever. */
int used_by_opener(const struct used_target *t, char *ret, size_t size);

/* Is the device one of the target's? */
bool used_has_device(const struct used_target *t, dev_t devno);
