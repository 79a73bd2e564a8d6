/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Arrays, LUKS volumes and volume groups of a patient: storage/assemble.h with a person to ask and
 * an undo journal. */

#include "base/error.h"
#include "session/journal.h"
#include "storage/assemble.h"

/* What storage is about to make goes into the journal (@userdata is one), and udevd is told to
 * leave it alone. For the callbacks of storage that are called .record. */
int assembly_record(void *userdata, const char *text);

/* Does the disk carry a member of something? */
bool assembly_has_members(const struct disk *d);

/* Do any of the disks? */
bool assembly_is_needed(const struct disk_set *set);

/* What may be done to what is assembled when the patient must not be written to: DISK_SCRATCH where
 * every disk with a member lies on a layer, else DISK_READ: what stands on a disk that takes no
 * writes takes none itself. */
enum disk_access assembly_access_of_look(struct disk *const *disks, unsigned count);

/*
 * Assemble what is on @set. Call it in a private mount namespace (the nodes that lvm and cryptsetup
 * make are kept out of the host's /dev/mapper). @problem: the first reason why something stays
 * closed.
 */
int assembly_make(struct disk_set *set, enum disk_access access,
                  const struct assemble_request *request, struct journal *j, struct error *problem,
                  struct error *e);

/* As assembly_make() for `list`: without a write to the disks, and without a word. What would need
 * an answer stays closed. */
int assembly_look(struct disk_set *set, const struct assemble_request *request, struct journal *j,
                  struct error *problem, struct error *e);

/* The mounts of what was assembled are to show the names that the patient uses,
 * /dev/mapper/vg0-root, and not this host's numbers. Not for mounts that the host gets: there these
 * are no names, or another's. */
void assembly_name_sources(const struct disk_set *set);

/*
 * What the crypttab below @root_fd says: the names of the mappings that are open, and the volumes
 * that are opened with a key file of the root's (and what is on these). @root_disk as in
 * mount_plan.h. A key that does not fit is a warning. 0, or -EINTR.
 */
int assembly_follow_crypttab(struct disk_set *set, unsigned root_disk, int root_fd,
                             enum disk_access access, const struct assemble_request *request,
                             struct journal *j, struct error *e);
