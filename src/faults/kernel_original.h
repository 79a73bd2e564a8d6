/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Kernels that lie on an ESP are copies: of what the system itself has of them. */

#include "faults/changes.h"
#include "faults/facts_boot.h"

#define KERNEL_ORIGINAL_MAX 300

/* The kernel that @c loads, whose copy is missing, as it is in the system: into @ret. */
bool kernel_find_original(const struct examination *x, const struct boot_choice *c,
                          char ret[static KERNEL_ORIGINAL_MAX]);

/* Plan to copy it to @path, with the directories on the way. */
int kernel_put_back(struct examination *x, const char *original, const char *path,
                    struct changes *c, struct error *e);
