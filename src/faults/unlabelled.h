/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Files without an SELinux label, where rescue work writes: a kernel without SELinux, which is what
 * most hosts have, gives none to what is made under it. */

#include "base/text.h"

/*
 * Look through /etc, /boot, /root and the like. Returns how many files and directories have no
 * label, and appends the first of them to @ret, one a line; what is on a file system without labels
 * does not count.
 */
unsigned unlabelled_find(int root_fd, struct text *ret);
