/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One loop device over a whole disk (loop(4)): autoclear, so that the kernel takes it down with its
 * last user whatever happens to us. */

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Called with the record for undo_record() ("loop loop3") before the device is configured. */
typedef int loop_record(void *userdata, const char *record);

/*
 * Attach @backing_fd. The node is flocked before it is configured, so that udev leaves it alone
 * (https://systemd.io/BLOCK_DEVICE_LOCKING). @name is what losetup(8) shows. @record may be NULL.
 * *ret_fd holds it open and belongs to the caller; *ret_node is "/dev/loop3".
 */
int loop_attach(int backing_fd, const char *name, bool read_only, uint32_t sector_size,
                loop_record *record, void *userdata, char *ret_node, size_t node_size, int *ret_fd,
                struct error *e);

/* Partitions and all are there: let udev have its events, when the record has made sure that it
 * does nothing with them. The device stays marked as ours. */
void loop_unlock(int fd);

/* Is the loop device @node one of ours, of whichever process? */
bool loop_is_ours(const char *node);

/* Wait until the loop device @devno has let go of the file with this device and inode number.
 * 0 or -EBUSY. */
int loop_wait_gone(dev_t devno, dev_t file_dev, ino_t file_ino, unsigned wait_ms);

/* Is the loop device @node_fd over this file, or over the block device @rdev (0: none)? */
bool loop_is_over(int node_fd, dev_t file_dev, ino_t file_ino, dev_t rdev);
