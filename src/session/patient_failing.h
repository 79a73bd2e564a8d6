/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A disk of the patient that begins to fail, or is found out to, while it is used. */

#include "session/patient.h"

/* Is something known that cannot be read? */
bool patient_is_failing(const struct patient *p);

/* Something failed with @r. When reads of the disk did, that is why, whatever @e says of a file
 * system: -EIO, ERROR_REFUSED "failing-disk"; else @r. */
int patient_blame_disk(const struct patient *p, int r, struct error *e);

/* Say that the disk fails, and how to copy it, once for what is new. An examination finds it. */
void patient_warn_failing(struct patient *p);
