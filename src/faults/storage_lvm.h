/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The rows of storage.c on what LVM's configuration keeps from it. */

#include "faults/changes.h"
#include "faults/examination.h"
#include "faults/report.h"

void storage_lvm_detect_devices_file(struct examination *x, const struct fault *f,
                                     struct report *r);
int storage_lvm_remove_devices_file(struct examination *x, const struct finding *f,
                                    struct changes *c, struct error *e);

void storage_lvm_detect_filter(struct examination *x, const struct fault *f, struct report *r);
int storage_lvm_remove_filter(struct examination *x, const struct finding *f, struct changes *c,
                              struct error *e);
