/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The names that multipath gives to disks: its bindings file and the aliases of multipath.conf(5).
 * Pure. */

#include <stdbool.h>
#include <stddef.h>

/*
 * Is @name ("mpatha", "mpatha-part1", "mpathap1", "mpatha1": kpartx(8) names partitions in each of
 * these ways) bound to a disk? @bindings has lines "NAME WWID", @config "alias NAME"; each may be
 * NULL with size 0.
 */
bool multipath_knows(const char *bindings, size_t bindings_size, const char *config,
                     size_t config_size, const char *name);
