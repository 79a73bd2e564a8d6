/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The shared libraries of those commands that look at disks. They are loaded when such a command
 * begins and not with the program, since linking them takes a quarter of the start of a container
 * (docs/performance.md), which needs none. Everybody calls their functions as usual.
 */

#include "base/error.h"

/* Load what every command needs that looks at disks. ERROR_HOST with reason "library-missing". */
int libraries_load(struct error *e);

/* Load what only detectors need, before faults_detect(): an archive of an initramfs is read by a
 * library that brings twelve others along. Errors as above. */
int libraries_load_for_examination(struct error *e);
