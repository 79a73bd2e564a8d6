/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a person has to know when a change found no room on its file system. */

#include "base/error.h"

/*
 * Is @r a failure for want of room: blocks, inodes, a quota? Then *e says which file system of the
 * patient is full, and of what, and advises what to free; the result is @r. 0: it is another
 * failure. @path: absolute, inside; what was to be changed, and need not be there.
 */
int changes_room_explain(int root_fd, const char *path, int r, struct error *e);
