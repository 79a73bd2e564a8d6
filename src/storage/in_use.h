/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Who uses a disk? Asked before anything is opened for writing.
 *
 * Looked at: the mount tables of every mount namespace (/proc/PID/mountinfo, one per namespace),
 * /proc/swaps, holders in /sys/block (dm, md), loop devices by backing device and inode
 * (LOOP_GET_STATUS64), an O_EXCL open, OFD byte-range locks (qemu's), and /proc/PID/fd of all
 * processes for a virtual machine that took no lock.
 */

#include "base/error.h"

#include <sys/types.h>

/*
 * @fd is the target opened read-only: an image file or a block device (then its partitions are
 * looked at too). 0 when nobody uses it. -EBUSY with ERROR_REFUSED and reason "in-use" when
 * somebody does: the text says who ("mounted on /srv", "swap", "held by the volume group vg0",
 * "attached to /dev/loop3", "the disk of qemu-system-x86 (process 4711)"), the advice what to do.
 */
int in_use_check(int fd, const char *target, struct error *e);

/* As in_use_check() for a block device that cannot be opened: by what other places tell about it.
 */
int in_use_check_device(dev_t devno, const char *target, struct error *e);

/* Who uses the disk or image @path, without a verdict: 1 and a clause in @ret ("mounted on /srv"),
 * 0, or a negative errno when it cannot be opened or is something else. */
int in_use_by(const char *path, char *ret, size_t size);

/* Where a block device is mounted on this host: a path that can be opened from here, in
 * @ret_path (size @size). 0, or -ENOENT. For `list`, which reads a system in use where it is. */
int in_use_mount_point(dev_t devno, char *ret_path, size_t size);

/* All these places, until @look returns something but 0, which is then returned; else 0. @root is
 * what of the file system is seen there: "/", or the path of a directory or subvolume in it. */
typedef int in_use_look(void *userdata, const char *path, const char *root);
int in_use_mount_points(dev_t devno, in_use_look *look, void *userdata);

/* Who keeps the device from being taken down, a clause for a person: "mounted on /srv", "held open
 * by sleep (process 12)". In @ret; returns @ret. */
char *in_use_holder(dev_t devno, char *ret, size_t size);

/* What is mounted at @path itself, on top: the device number (of a btrfs: of the device that its
 * mount names) in *ret, and in @ret_root (size @size) what of the file system is seen there. 0;
 * -ENOENT: nothing; -ENODEV: no block device (overlay, tmpfs, a share of a server). */
int in_use_mounted_at(const char *path, dev_t *ret, char *ret_root, size_t size);
