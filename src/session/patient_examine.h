/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The facts of an opened patient, as the detectors of faults/ want them. */

#include "base/error.h"
#include "faults/examination.h"
#include "session/patient.h"

/* Fill *ret from a mounted patient and read what several detectors need. *p must outlive it.
 * examination_close() is the caller's, in either case. */
int patient_examination_open(struct examination *ret, const struct patient *p, struct error *e);
