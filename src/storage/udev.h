/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The udevd of an ordinary host looks at each block device that appears, and acts on it: it points
 * /dev/disk/by-uuid at it (away from the host's own disk, when the patient is a copy of it),
 * activates the volume groups in it, has a desktop mount it. For the devices that a session makes
 * it gets rules in /run/udev/rules.d, which go with the session.
 *
 * A lock on the node (https://systemd.io/BLOCK_DEVICE_LOCKING) is no way to do that for hours: it
 * is not heeded for device-mapper and md, and as long as it is held `udevadm settle` waits on the
 * host.
 */

#include "base/error.h"

#include <stddef.h>

/* A rule for the devices that @record (undo.h) tells of, before they are made. Nothing to do, 0,
 * where no udevd runs, or for records of something else. */
int udev_leave_alone(const char *record, struct error *e);

/* The rule for @record. Pure. 0, -ENOENT for a record without one, -EINVAL where it would match
 * more. */
int udev_rule(const char *record, char *ret, size_t size);

/* Take the rules of the session of process @id away. */
void udev_forget(const char *id);
