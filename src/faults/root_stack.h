/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a kernel needs to reach the patient's root: modules, and programs of the initramfs. */

#include "faults/examination.h"
#include "system/initramfs.h"
#include "system/kernel_modules.h"

#include <stdbool.h>

struct stack_need {
    const char *what;       /* "ext4, the file system of /" */
    const char *modules[8]; /* any of these; none: no module */
    const char *program;    /* of the initramfs; NULL: none */
    const char *package;    /* that brings the program into the initramfs; NULL */
};

#define STACK_NEEDS_MAX 8

/* Of the disks that are known: nothing when they are not. At most STACK_NEEDS_MAX. */
unsigned stack_needs(const struct examination *x, struct stack_need *ret);

/* The encrypted volume (LUKS) that the root lies in, or NULL. */
const struct volume *stack_encrypted(const struct examination *x);

/* Does @m (NULL: not known) or @in have one of the modules, built in or as a file? */
bool stack_has_module(const struct kernel_modules *m, const struct initramfs *in,
                      const char *const modules[8]);

/* Is one of them built into the kernel? */
bool stack_is_builtin(const struct kernel_modules *m, const char *const modules[8]);
