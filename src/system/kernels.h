/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The kernels that a tree has. Internal to system/. */

#include "system/linux_system.h"

#include <stdbool.h>

/* Fill kernels and kernel_count of *s, newest first. /boot may be another file system: what is not
 * there does not count. */
void kernels_inspect(int root_fd, struct linux_system *s);

/* Order of two kernel releases as a person would have it: numbers by value, a release candidate
 * before its release. <0, 0, >0. Pure. */
int kernels_compare(const char *a, const char *b);

/* "6.1" of "6.1.0-28-amd64". False when it does not begin so. Pure. */
bool kernels_version(const char *release, unsigned *ret_major, unsigned *ret_minor);
