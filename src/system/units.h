/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The units of a patient as systemd would load them at boot (systemd.unit(5)): from its unit
 * directories, with drop-ins, aliases, masks, templates, and ".wants" and ".requires" directories;
 * and what its default target pulls in. Generators are not run: what only they make (mounts of
 * fstab) is not there. Reads only.
 */

#include "system/unit_settings.h"

#include <stdbool.h>
#include <stddef.h>

#define UNITS_MAX      2048
#define UNIT_LINKS_MAX 16384 /* of one kind, all units together */

/* Bytes of the files of one unit with its drop-ins, and of all units: a directory of hard links to
 * one file costs the disk nothing. More is left out. */
#define UNIT_BYTES_MAX  ((size_t)1 << 20)
#define UNITS_BYTES_MAX ((size_t)64 << 20)

/* systemd.unit(5), "System Unit Search Path"; /run is empty before a boot. */
#define UNIT_DIRECTORIES 4
extern const char *const unit_directories[UNIT_DIRECTORIES];

enum unit_load {
    UNIT_NOT_FOUND,
    UNIT_LOADED,
    UNIT_MASKED,   /* a link to /dev/null, or an empty file */
    UNIT_DANGLING, /* a link that leads nowhere */
};

enum unit_relation {
    UNIT_NEEDS, /* Requires=, BindsTo=, ".requires": it fails with it */
    UNIT_WANTS, /* Wants=, Upholds=, ".wants" */
    UNIT_AFTER, /* the first starts when the second has; Before= is turned round */
};

struct unit {
    char *name; /* the real one: "dbus.service", not an alias */
    char *path; /* of its file; NULL: not found */
    enum unit_load load;
    struct unit_settings file; /* with its drop-ins behind it */
    size_t bytes;              /* of all these files */
    bool local;                /* its file, not only a drop-in, is in /etc */
    bool wanted;               /* what the boot starts: in the closure of the default target */
};

struct unit_link {
    enum unit_relation relation;
    unsigned from, to; /* indices in .items */
    bool implied;      /* a default dependency (systemd.service(5) and others) */
};

struct units {
    int root_fd;
    struct unit *items;
    unsigned count;
    struct unit_link *links;
    unsigned link_count;
    size_t bytes; /* of the files of all items */
    int target;   /* index of what the default target leads to; -1: none */
};

/* Look for one unit; *ret is untouched when it returns -ENOMEM. unit_free() is the caller's. */
int unit_load(int root_fd, const char *name, struct unit *ret);
void unit_free(struct unit *u);

/* The loadable unit whose name @typed is with the fewest typing errors (see base/nearest.h); false
 * when there is none that near, or *ret has no room for it. */
bool unit_nearest(int root_fd, const char *typed, char *ret, size_t size);

/* Load everything that the default target pulls in. 0 or -ENOMEM. */
int units_load(int root_fd, struct units *ret);
void units_free(struct units *u);

/* The unit of that name among the loaded ones, or NULL. */
struct unit *units_find(const struct units *u, const char *name);

/*
 * Find cycles of UNIT_AFTER among wanted units. Calls @found once for each of at most @max, with
 * the indices of its @length units in @cycle: each comes after the next, the last after the first.
 */
unsigned units_find_cycles(const struct units *u, unsigned max,
                           void (*found)(void *userdata, const struct units *u,
                                         const unsigned *cycle, unsigned length),
                           void *userdata);
