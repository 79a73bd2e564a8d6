/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which Linux system of the opened disks is meant. Internal to patient.c. */

#include "session/patient.h"

/*
 * Fill p->found and p->root. A file system that cannot be read is checked first, and looked into
 * again; for an examination on layers. Asks when there are several systems and a person.
 * 0 or a negative errno.
 */
int patient_choose_system(struct patient *p, struct journal *j, struct error *e);
