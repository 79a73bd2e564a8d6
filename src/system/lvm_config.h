/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The target's lvm.conf (lvm.conf(5)): one setting of it. Pure: text in, data out; what lvm would
 * not take is passed over. */

#include <stdbool.h>
#include <stddef.h>

#define LVM_VALUES_MAX 64

struct lvm_setting {
    unsigned line, last_line; /* 1-based: where the setting begins, and where its value ends */
    bool alone;               /* nothing else stands on these lines, but comments */
    bool cut;                 /* there are more values, or longer ones, than are kept here */
    unsigned count;           /* 1 when the value is no array */
    char values[LVM_VALUES_MAX][256]; /* without their quotes */
};

/* Find the setting with its whole name, "devices/filter", in @size bytes of configuration. Of
 * several the last is in force. false when there is none: *ret is untouched. */
bool lvm_config_find(const char *data, size_t size, const char *name, struct lvm_setting *ret);
