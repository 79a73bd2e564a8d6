/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* modprobe.d(5): which modules are kept from being loaded. Pure. */

#include <stdbool.h>
#include <stddef.h>

enum modprobe_ban {
    MODPROBE_BLACKLIST, /* "blacklist X": not for its aliases, so not by udev or mount(2) */
    MODPROBE_INSTALL,   /* "install X /bin/false" and the like: not at all */
};

struct modprobe_line {
    enum modprobe_ban kind;
    char module[64]; /* with "_" for "-" */
    unsigned line;   /* 1-based */
};

struct modprobe_walk {
    const char *at, *end;
    unsigned line;
};

#define MODPROBE_WALK(data, size) ((struct modprobe_walk){.at = (data), .end = (data) + (size)})

/* The next line that bans a module. False at the end. */
bool modprobe_next(struct modprobe_walk *w, struct modprobe_line *ret);
