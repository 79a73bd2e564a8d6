/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Block devices as /sys shows them (Documentation/ABI/stable/sysfs-block of the kernel). Every
 * function takes device numbers; a device node's name is the last component of its directory. Read
 * through base/host.h. */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* "8:16", as the kernel writes device numbers; what follows the numbers is not looked at. 0 or
 * -EINVAL. */
int sysfs_parse_devno(const char *text, dev_t *ret);

/* The kernel's name of a block device, as its node below /dev: "sdb2", "cciss/c0d0". 0 or -ENOENT.
 */
int sysfs_name(dev_t devno, char *ret, size_t size);

/* That name of an entry of /sys/block. */
void sysfs_node_name(const char *entry, char *ret, size_t size);

/* The disk that @devno is a partition of, and its number. Mappings of kpartx(8) are partitions,
 * too. -ENOENT when it is none. */
int sysfs_parent(dev_t devno, dev_t *ret_disk, unsigned *ret_number);

/* Partitions of a disk that the kernel knows: at most @max. Returns how many, or negative errno. */
struct sysfs_partition {
    unsigned number;
    dev_t devno;
    char name[64];
};
int sysfs_partitions(dev_t disk, struct sysfs_partition *ret, unsigned max);

/* The devices that stand on @devno ("holders") or that it stands on ("slaves"): at most @max in
 * @ret, in the order of their numbers. Returns how many. */
int sysfs_related(dev_t devno, const char *directory, dev_t *ret, unsigned max);

/* "md127", or with the name of a mapping behind it, "dm-0 (vg-root)". 0 or -ENOENT. */
int sysfs_describe(dev_t devno, char *ret, size_t size);

/* The world-wide name that the disk itself tells ("naa.5000c500a1b2c3d4"): it is the same by each
 * path to it. Not every maker gives each disk its own. 0, or -ENOENT when it tells none. */
int sysfs_wwid(dev_t devno, char *ret, size_t size);

/* The number in the attribute @attribute below the device's directory ("size"); 0 without. */
unsigned long long sysfs_number(dev_t devno, const char *attribute);

/* The text of an attribute without spaces around it; "" without. */
void sysfs_text(dev_t devno, const char *attribute, char *ret, size_t size);
