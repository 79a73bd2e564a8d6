/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

struct patient;

/* Write everything that is still in memory to the disk, and show how long it takes: with a slow
 * disk unmounting alone would look like a hang. 0, or the negative errno of what could not be
 * written. */
int patient_flush(const struct patient *p);
