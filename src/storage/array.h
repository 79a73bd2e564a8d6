/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Linux RAID (md): arrays put together from the patient's members and from nothing else, by
 * mdadm(8), read-only until the first write. An array that lacks members is not started unasked,
 * and a member that was left behind (its event count is lower) is never mixed in.
 */

#include "base/error.h"
#include "storage/volume.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_MEMBERS_MAX 64

/* What a member's superblock says (mdadm --examine --export). */
struct array_member {
    const struct volume *volume;
    char title[160];  /* of the volume; safe */
    char uuid[64];    /* of the array */
    char name[64];    /* "host:0", as it was given when it was made; raw */
    char level[16];   /* "raid1" */
    unsigned devices; /* how many the array has when it is whole */
    uint64_t events;
    char updated[40]; /* date of the last update, local time; safe */
};

/* The members of one array that are there. */
struct array_plan {
    struct array_member members[ARRAY_MEMBERS_MAX];
    unsigned count; /* all that are there */
    unsigned fresh; /* of these, with the highest event count: they come first */
    bool complete;  /* fresh ones are enough for the whole array */
    bool startable; /* enough to run it degraded */
};

/* Parse mdadm's "MD_UUID=..." lines. Pure. 0, or -EBADMSG when it tells of no array. */
int array_parse_export(const char *text, struct array_member *ret);

/* Read what @ret->volume says. 0 or a negative errno ("program-missing" names mdadm's package). */
int array_examine(struct array_member *ret, struct error *e);

/* "md0" for "web:0", "md/data" for "web:data": what the fstab beside it calls an array whose
 * superblock has that name. Raw. */
void array_short_name(const char *name, const char *uuid, char *ret, size_t size);

/* Sort @plan's members, and tell what can be made of them. Pure. */
void array_judge(struct array_plan *plan);

/* "sdb1 (event 1802, 2 Nov 2026 03:11), sdc1 (event 1523 ...)" in @buf. Returns @buf. */
char *array_describe(const struct array_plan *plan, char *buf, size_t size);

/* A name that no array of this host has: "md127". 0 or -ENOSPC. */
int array_free_name(char *ret, size_t size);

/* The array of this uuid, as mdadm or as sysfs writes it, that runs on this host: "md127" in
 * *ret_name. False when there is none. */
bool array_find_running(const char *uuid, char *ret_name, size_t size);

/* Is there one? Then the members are copies of its members, which mdadm does not start a second
 * time. */
bool array_has_twin(const char *uuid);

/* As array_start(), by the kernel alone (array_copy.c): for copies of what the host has active. */
int array_start_copy(const struct array_plan *plan, const char *name, bool write, struct error *e);

/*
 * Start the fresh members of @plan as /dev/@name. @degraded: also when some are missing.
 * @write: writes are let through (the first one makes it active); else it stays read-only.
 */
int array_start(const struct array_plan *plan, const char *name, bool degraded, bool write,
                struct error *e);

/* Read-only, but the first write may change that (Documentation/admin-guide/md.rst, array_state).
 */
int array_let_writes_through(const char *name);

/* Stop the array /dev/@name (STOP_ARRAY, linux/raid/md_u.h). 0 also when there is none; -EBUSY when
 * it is in use after @wait_ms. */
int array_stop(const char *name, unsigned wait_ms, struct error *e);
