/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* From what the user named to disks that are opened and assembled. Internal to patient.c. */

#include "base/error.h"
#include "session/journal.h"
#include "session/patient.h"

/* The kernel needs a moment to take a loop device back after the last user is gone. */
#define RELEASE_WAIT_MS 10000

/* Open and guard p->request's targets, then assemble what is on them. 0 or a negative errno; what
 * was opened is in *p in either case. */
int patient_open_targets(struct patient *p, struct journal *j, struct error *e);

/* How arrays, mappings and groups of the patient are opened. */
enum disk_access patient_access_of_members(const struct patient *p);

/* Layers under all disks: what is written to them goes nowhere. */
int patient_layer_all(struct patient *p, struct journal *j, struct error *e);
