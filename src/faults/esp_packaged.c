/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The files of the EFI system partition that packages have a copy of in the system itself. */

#include "base/path.h"
#include "base/text.h"
#include "faults/esp_loader.h"
#include "faults/remedies.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Debian, Ubuntu: shim-signed, grub-efi-amd64-signed; SUSE: shim, grub2-x86_64-efi. On Fedora and
 * its like the files in the ESP are the packages' only ones. What is under the name for any machine
 * is shim, where there is one. */
static const struct packaged {
    const char *name; /* in the ESP, whatever its case is */
    bool arm;
    const char *path;
} packages[] = {
    {"shimx64.efi", false, "/usr/lib/shim/shimx64.efi.signed"},
    {"bootx64.efi", false, "/usr/lib/shim/shimx64.efi.signed"},
    {"grubx64.efi", false, "/usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed"},
    {"shimaa64.efi", true, "/usr/lib/shim/shimaa64.efi.signed"},
    {"bootaa64.efi", true, "/usr/lib/shim/shimaa64.efi.signed"},
    {"grubaa64.efi", true, "/usr/lib/grub/arm64-efi-signed/grubaa64.efi.signed"},
    {"shim.efi", false, "/usr/share/efi/x86_64/shim.efi"},
    {"bootx64.efi", false, "/usr/share/efi/x86_64/shim.efi"},
    {"grub.efi", false, "/usr/share/efi/x86_64/grub.efi"},
    {"shim.efi", true, "/usr/share/efi/aarch64/shim.efi"},
    {"bootaa64.efi", true, "/usr/share/efi/aarch64/shim.efi"},
    {"grub.efi", true, "/usr/share/efi/aarch64/grub.efi"},
};

/* Only beside shim, which is this system's: without one, what is there was made for the machine. */
static const char *packaged(struct examination *x, const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    char own[80];

    snprintf(own, sizeof own, "EFI/%.63s/", esp_vendor(x));
    if (!facts_esp(x)->place[0] || !esp_has_shim(x) ||
        (strncasecmp(path, own, strlen(own)) != 0 && strncasecmp(path, "EFI/BOOT/", 9) != 0))
        return NULL;
    for (size_t i = 0; i < sizeof packages / sizeof packages[0]; i++)
        if (packages[i].arm == esp_is_arm(x) && strcasecmp(packages[i].name, name) == 0 &&
            path_exists(x->root_fd, packages[i].path) == 1)
            return packages[i].path;
    return NULL;
}

bool esp_can_put_back(struct examination *x, const char *path)
{
    return packaged(x, path) != NULL;
}

int esp_put_back(struct examination *x, const char *path, struct changes *c, struct error *e)
{
    const char *from = packaged(x, path), *to = esp_shown(facts_esp(x), path);
    int r;

    if (!from)
        return remedy_unfit(e, "the system has no copy of %s", text_safe(to));
    r = changes_copy_over(c, to, from, 0700);
    return remedy_planned(r == -EEXIST ? 0 : r, to, e); /* planned by another finding */
}
