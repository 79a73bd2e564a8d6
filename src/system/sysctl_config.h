/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* sysctl.d(5). Pure. */

#include <stdbool.h>
#include <stddef.h>

struct sysctl_line {
    char name[128]; /* with dots: "vm.nr_hugepages" */
    char value[128];
    unsigned line; /* 1-based */
};

struct sysctl_walk {
    const char *at, *end;
    unsigned line;
};

#define SYSCTL_WALK(data, size) ((struct sysctl_walk){.at = (data), .end = (data) + (size)})

/* The next setting. False at the end. */
bool sysctl_next(struct sysctl_walk *w, struct sysctl_line *ret);
