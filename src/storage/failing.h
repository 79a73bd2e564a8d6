/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"

#include <stdbool.h>

/*
 * The disk does not give what is on it: every further access may be its last, and a repair of what
 * cannot be read does the damage that the disk has not done yet. Records ERROR_REFUSED
 * "failing-disk" about @what (safe text: "sdb2", "/dev/sdb") with @detail ("Input/output error",
 * the words of a tool), and how to copy it first. Returns -EIO.
 */
int failing_disk(const char *what, const char *detail, struct error *e);

/* Is it that what was recorded? -EIO alone may be a program's that could not be started. */
bool failing_disk_is(const struct error *e);

/* What was written last did not all get to @what (safe text), @code is what the kernel says.
 * Records ERROR_FAILED "lost-writes". Returns @code. */
int failing_write(const char *what, int code, struct error *e);
bool failing_write_is(const struct error *e);
