/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <time.h>

/* When the tree's system booted last: the newest of what a boot leaves behind. 0 unknown. */
time_t last_boot_inspect(int root_fd);

/* The time of the last boot record in a wtmp file (utmp(5)); 0 without. Pure. */
time_t last_boot_from_wtmp(const void *data, size_t size);
