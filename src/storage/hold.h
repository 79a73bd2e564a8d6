/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Holding a disk against others for as long as it is worked on. */

#include "base/error.h"

#include <stdbool.h>

/*
 * Take flock(2) on @fd and, for an image, the bytes by which qemu would notice us. @write: alone,
 * else shared with other readers. For a device that udevd looks at it is waited for: 1 when it had
 * to be, and what uses the device may have changed; else 0. -EBUSY with ERROR_REFUSED "in-use" when
 * somebody is there.
 */
int hold_take(int fd, bool is_image, bool write, const char *target, struct error *e);
