/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A disk on which nothing is found may once have had a GPT: what is left of it says more than "no
 * partition table". Only looked for where nothing else is: a copy at the end stays when a whole
 * disk is given a file system. */

#include "storage/disk.h"

/* Of a disk whose volumes were probed: sets d->lost, and d->table_error. */
void table_lost_look(struct disk *d);
