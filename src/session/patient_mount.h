/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The patient's file systems put together to a tree: patient_mount(), and what patient_open() needs
 * of it to look into the root before. Internal to patient.c. */

#include "session/patient.h"
#include "storage/mount.h"

/* Mount the file system with the root, detached. A descriptor of it, or a negative errno. */
int patient_root_mount(const struct patient *p, enum mount_mode mode, struct error *e);

/* The root in what patient_root_mount() mounted: a deployment is a directory in there. A
 * descriptor, or a negative errno. */
int patient_root_in(const struct patient *p, int mount_fd, struct error *e);

/* Read the fstab below @root_fd and plan the mounts. A missing or odd fstab plans nothing. 0 or a
 * negative errno. */
int patient_plan_mounts(struct patient *p, int root_fd, struct error *e);
