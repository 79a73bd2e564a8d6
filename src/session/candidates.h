/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Which Linux systems are on the patient's disks: found by what is in a file system, not by being
 * the first one. Looks through read-only mounts without journal replay; writes nothing.
 *
 * A system with forty snapshots is one system with forty versions. What a person gets without
 * choosing is the version that the machine boots; any other can be named.
 */

#include "base/error.h"
#include "storage/disk.h"
#include "system/linux_system.h"

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define CANDIDATES_MAX 32

/* Of all systems together; of more, the newest. */
#define VERSIONS_MAX 512

/* Where in the file system of a volume a root is. */
struct root_place {
    char subvolume[256];   /* btrfs: path of the subvolume; "" the default one */
    uint64_t subvolume_id; /* to mount it by, whatever characters the path has; 0 the default one */
    char deployment[256];  /* OSTree: path of the deployment in there; "" none */
};

struct candidate {
    const struct disk *disk;
    const struct volume *volume;
    struct root_place place;
    char name[400];  /* stable: "part2", "part2:@", "sdb/part2" with several disks; safe text */
    bool boots;      /* of several systems: a boot loader or the partition table says that it is
                        the one that the machine boots */
    bool is_version; /* one that was chosen by its name, see struct version */
    bool read_only;  /* a snapshot that cannot be written to */
    struct linux_system system;
};

enum version_kind { VERSION_SNAPSHOT, VERSION_DEPLOYMENT };

struct version {
    enum version_kind kind;
    unsigned of; /* index of the system in candidates.items */
    struct root_place place;
    char name[400];        /* as of a candidate */
    char description[128]; /* snapper's, OSTree's; raw; "" */
    time_t created;        /* 0 unknown */
    bool read_only;
    bool changed; /* VERSION_SNAPSHOT: it was written to, long after it was made */
    bool current; /* VERSION_DEPLOYMENT: the one that the machine boots */
};

struct candidates {
    struct candidate items[CANDIDATES_MAX];
    unsigned count;
    struct version *versions; /* owned; those of one system together: the one that boots, newest */
    unsigned version_count;
    /* File systems that could not be mounted or read: a check may make them readable. */
    const struct volume *unreadable[CANDIDATES_MAX];
    char unreadable_why[256]; /* the first one's reason, safe text */
    bool unreadable_here;     /* that is this host's doing, and no damage */
    unsigned unreadable_count;
};

/* Look at all volumes of @disks (or at the one that a target names). Call it in a private mount
 * namespace. Never fails: what cannot be read is in .unreadable. *ret is zeroed, or from an earlier
 * call, which is forgotten. */
void candidates_find(struct disk *const *disks, unsigned disk_count, struct candidates *ret);

/* With what is in it. NULL is fine. */
void candidates_free(struct candidates *c);

/*
 * Choose one: the only one; the one that @wanted names (candidate name, host name or os-release
 * ID, when it is unique; or the name of a version, which becomes one more candidate); else
 * -ENOTUNIQ with ERROR_REFUSED, reason "ambiguous" and the names in the advice; -ENOENT with
 * ERROR_TARGET when there is none, saying what is there instead.
 */
int candidates_select(struct candidates *c, struct disk *const *disks, unsigned disk_count,
                      const char *wanted, const struct candidate **ret, struct error *e);

/* "part2: web01, Debian 12" for lists and questions; safe text in @buf. Returns @buf. */
char *candidate_describe(const struct candidate *c, char *buf, size_t size);

/* The option by which mount_volume() mounts a place, "subvolid=257"; "" for none. Returns @buf. */
char *candidate_mount_options(const struct root_place *place, char *buf, size_t size);
