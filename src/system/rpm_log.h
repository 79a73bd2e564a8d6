/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * /var/log/dnf.rpm.log: what dnf writes down about a transaction, a line for each package when it
 * is done with it: "Upgrade: NEW" when the new one is there, and later, when everything new is
 * there, "Upgraded: OLD" when the old one is gone. Pure.
 */

#include <stdbool.h>
#include <stddef.h>

struct rpm_log {
    unsigned unfinished; /* packages of the last transaction whose old version was left */
    char began[32];      /* the time of its first line, as it stands there; raw */
    char vital[128];     /* one of the new ones that @is_vital() said yes to; raw; "" */
};

/* Fill *ret from the end of the log. */
void rpm_log_read(const char *data, size_t size, bool (*is_vital)(const char *package),
                  struct rpm_log *ret);
