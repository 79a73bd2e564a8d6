/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The boot loader in the EFI system partition that is this system's own, and its copy under the
 * name that every firmware looks for. */

#include "faults/changes.h"
#include "faults/examination.h"
#include "faults/facts_loader.h"
#include "faults/report.h"

/* A path in the tree for a path in the ESP, for findings and changes. */
const char *esp_shown(const struct facts_esp *esp, const char *path);

/* A path in the ESP as it is spelt there, as far as it is there: firmware knows no case. */
const char *esp_spelt(const struct facts_esp *esp, const char *path);

/* Its firmware is for 64-bit ARM. */
bool esp_is_arm(const struct examination *x);

/* The name for any machine, in the ESP. */
const char *esp_fallback(const struct examination *x);

/* The directory of the system's distribution below EFI; "" when there is none of that name. */
const char *esp_vendor(const struct examination *x);

/* Does shim start what boots this system? */
bool esp_has_shim(struct examination *x);

/* systemd-boot starts what its entries name, and unified images; when they are gone, too, so are
 * the kernels beside them. */
bool esp_has_entries(struct examination *x);

/* Is there a loader of this system in it, and not only those of others beside it? */
bool esp_has_own_loader(struct examination *x);

/* Plan to copy that, and what it starts, to the name for any machine: struct fault's .repair. */
int esp_copy_loader(struct examination *x, const struct finding *f, struct changes *c,
                    struct error *e);

/* Has the system a copy of the loader at @path (in the ESP), which is a package's file? */
bool esp_can_put_back(struct examination *x, const char *path);

/* Plan to put that there. -ENOTSUP: it has none. */
int esp_put_back(struct examination *x, const char *path, struct changes *c, struct error *e);
