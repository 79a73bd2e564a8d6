/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The syntax of systemd's unit and configuration files (systemd.syntax(7)): sections, settings,
 * continued lines. Pure and bounded. */

#include <stdbool.h>
#include <stddef.h>

#define UNIT_SETTINGS_BYTES ((size_t)128 << 10) /* of one file */
#define UNIT_SETTINGS_MAX   4096
#define UNIT_VALUE_MAX      8192

struct unit_setting {
    unsigned line; /* where it begins, 1-based */
    char *section; /* "Service"; "" before the first; owned, as all of these */
    char *key;     /* NULL: the line is neither a section nor a setting; .value is the line */
    char *value;
};

struct unit_settings {
    struct unit_setting *settings;
    unsigned count;
};

#define _cleanup_unit_settings_ __attribute__((cleanup(unit_settings_free)))

/* 0 or -ENOMEM. Settings beyond UNIT_SETTINGS_MAX are left out. */
int unit_settings_parse(const char *data, size_t size, struct unit_settings *ret);
void unit_settings_free(struct unit_settings *u);

/* The last setting of that name, or NULL. */
const struct unit_setting *unit_settings_get(const struct unit_settings *u, const char *section,
                                             const char *key);

/* systemd's boolean: 1, 0, or -1 when it is none. */
int unit_boolean(const char *value);

/* Is this a time span without an end: "infinity", or 0? */
bool unit_is_endless(const char *value);
