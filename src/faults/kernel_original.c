/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "faults/kernel_original.h"

#include "base/path.h"
#include "faults/remedies.h"

#include <stdio.h>
#include <string.h>

/* Both are where kernel-install(8) takes them from. */
bool kernel_find_original(const struct examination *x, const struct boot_choice *c,
                          char ret[static KERNEL_ORIGINAL_MAX])
{
    const char *version = c->entry && c->entry->version ? c->entry->version : "";

    for (unsigned i = 0; c->menu && c->menu->loader == BOOT_SYSTEMD_BOOT && c->entry &&
                         !c->entry->unified && i < x->system->kernel_count;
         i++) {
        const char *release = x->system->kernels[i].release;

        if (version[0] ? strcmp(version, release) != 0 : !strstr(c->kernel, release))
            continue;
        for (unsigned j = 0; j < 2; j++) {
            snprintf(ret, KERNEL_ORIGINAL_MAX,
                     j == 0 ? "/usr/lib/modules/%.200s/vmlinuz" : "/boot/vmlinuz-%.200s", release);
            if (strcmp(ret, c->kernel) != 0 && path_exists(x->root_fd, ret) == 1)
                return true;
        }
    }
    return false;
}

/* Each directory on the way that is not there. */
static int plan_directories(struct examination *x, const char *path, struct changes *c)
{
    int r = 0;

    for (const char *slash = strchr(path + 1, '/'); r == 0 && slash;
         slash = strchr(slash + 1, '/')) {
        char directory[PATH_MAX];

        snprintf(directory, sizeof directory, "%.*s", (int)(slash - path), path);
        if (path_exists(x->root_fd, directory) == 0)
            r = changes_directory(c, directory, 0755);
    }
    return r;
}

int kernel_put_back(struct examination *x, const char *original, const char *path,
                    struct changes *c, struct error *e)
{
    int r = plan_directories(x, path, c);

    return remedy_planned(r < 0 ? r : changes_copy(c, path, original, 0755), path, e);
}
