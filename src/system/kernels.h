/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The kernels that a tree has. Internal to system/. */

#include "system/linux_system.h"

/* Fill kernels and kernel_count of *s, newest first. /boot may be another file system: what is not
 * there does not count. */
void kernels_inspect(int root_fd, struct linux_system *s);

/* Order of two kernel releases as a person would have it: numbers by value, a release candidate
 * before its release. <0, 0, >0. Pure. */
int kernels_compare(const char *a, const char *b);
