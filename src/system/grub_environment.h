/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* GRUB's environment block, grubenv (grub-editenv(1)): a file of exactly 1024 bytes, which GRUB
 * rewrites in place. Pure. */

#include <stdbool.h>
#include <stddef.h>

#define GRUB_ENVIRONMENT_SIZE 1024

struct grub_environment {
    const char *data; /* borrowed */
    size_t size;
};

/* Would GRUB read it? @why (may be NULL) gets one phrase when it would not. */
bool grub_environment_is_valid(const char *data, size_t size, char *why, size_t why_size);

/* The value of @name. 0, -ENOENT, or -ENAMETOOLONG. */
int grub_environment_get(const struct grub_environment *env, const char *name, char *ret,
                         size_t ret_size);

/* The next variable; *at is 0 at first. False at the end. What does not fit is cut. */
bool grub_environment_next(const struct grub_environment *env, size_t *at, char *ret_name,
                           size_t name_size, char *ret_value, size_t value_size);

/* Make a block of the text of @env with what does not belong to the format left out, and the value
 * of
 * @name (may be NULL) replaced, or taken out (@value NULL). 0; -ENOSPC when it does not fit. */
int grub_environment_write(const struct grub_environment *env, const char *name, const char *value,
                           char ret[static GRUB_ENVIRONMENT_SIZE]);
