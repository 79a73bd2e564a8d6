/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "container/plan.h"
#include "session/patient.h"

/* The patient's disks and no others in the container's /dev, with the by-* links that fstab,
 * crypttab, grub-install and initramfs generators look for. 0 or -ENOMEM. */
int rescue_add_devices(struct container_plan *plan, const struct patient *p);
