/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a system left behind about its boots, and what was changed since the last one that worked:
 * its journal, wtmp, the logs of its package manager, the dates of its configuration. Reads only;
 * what is missing or damaged is left out.
 */

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#define HISTORY_EVENTS_MAX 64
#define HISTORY_UNITS_MAX  8

struct history_boot {
    time_t when;      /* 0: not known */
    char kernel[128]; /* raw; "" when not known */
};

struct history_event {
    time_t when;
    char what[160]; /* safe text: "libc6 was upgraded to 2.36-9", "/etc/fstab was changed" */
};

struct history {
    const char *source;       /* "the journal", "wtmp"; NULL: nothing is known of good boots */
    struct history_boot good; /* the last that reached multi-user */
    struct history_boot
        last; /* the last that began, when it is a later one, and did not reach it */
    char failed[HISTORY_UNITS_MAX][128]; /* units that failed in .last; raw */
    unsigned failed_count;
    char stopped[256];                               /* the last message of .last; raw; "" */
    struct history_event events[HISTORY_EVENTS_MAX]; /* since .good, oldest first */
    unsigned event_count, event_total;               /* kept; seen */
};

/* Fill *ret from the tree below @root_fd. */
void history_read(int root_fd, struct history *ret);

/* --- its parts, pure; for tests and fuzzing ------------------------------------------------------
 */

/* wtmp(5): the last boot that reached a runlevel from 2 to 5, and the last that began. */
void history_from_wtmp(const void *data, size_t size, struct history *ret);

enum history_log { HISTORY_DPKG, HISTORY_DNF, HISTORY_ZYPP, HISTORY_PACMAN };

/* Events of a package manager's log after ret->good.when. */
void history_from_log(const char *data, size_t size, enum history_log log, struct history *ret);

/* One more event; of too many the newest stay. */
void history_add(struct history *h, time_t when, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
