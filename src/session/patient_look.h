/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Looks at the patient's file systems themselves, at once where that is faster. Internal to
 * patient.c. */

#include "session/patient.h"

/* Look at the root's file system and at those of p->plan, which came from the fstab as it is before
 * a journal is replayed, all at once. Nothing is mounted yet. What comes out is kept in p->looks,
 * and the root's in p->root_check. 0 or a negative errno. */
int patient_look_at_all(struct patient *p, struct error *e);

/* Not to examine it: before the checks that may write, look at those of p->plan that the boot
 * needs, where the look comes first anyway and several are faster than one after the other. 0 or a
 * negative errno. */
int patient_look_ahead(struct patient *p, struct error *e);

/* Check @v before it is mounted on @target for writing, unless it was seen to be well. As
 * check_with_ui(). */
int patient_check(const struct patient *p, const struct volume *v, const char *target,
                  struct check_report *ret, struct error *e);

/* Give @step what is known of its file system; look at it now when it was not planned before.
 * 0, or -EINTR: the person wants to stop. */
int patient_look_at_step(struct patient *p, struct mount_step *step, struct error *e);
