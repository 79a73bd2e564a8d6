/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Generators are programs that systemd runs before it starts anything, and waits for: those of the
 * patient, which may hang or do harm, and cost a rescue a third of the time to its prompt. None of
 * the units that they make is needed for it: what is mounted is our business (mount_plan.h). An
 * empty file of the same name in /run masks one (systemd.generator(7)), for all of the session.
 */

#include "session/rescue_generators.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "system/directory.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* More of them than any system has: the rest runs. */
#define MASKS_MAX 128

static const char *const directories[] = {"/etc/systemd", "/usr/local/lib/systemd",
                                          "/usr/lib/systemd", "/lib/systemd"};

static const char *const kinds[] = {"system-generators", "system-environment-generators"};

/* A link to /dev/null counts, too: somebody says that the script is to be left alone. */
static bool has_unit(int root_fd, const char *script)
{
    size_t length = strlen(script) - (text_ends_with(script, ".sh") ? strlen(".sh") : 0);

    for (size_t i = 0; i < sizeof directories / sizeof directories[0]; i++) {
        char path[400];
        int fd;

        snprintf(path, sizeof path, "%s/system/%.*s.service", directories[i], (int)length, script);
        fd = path_open(root_fd, path, O_PATH | O_NOFOLLOW);
        if (fd >= 0) {
            close(fd);
            return true;
        }
    }
    return false;
}

/* Scripts that no unit stands for: who says `systemctl start` of one needs the generator. */
static bool has_lone_scripts(int root_fd)
{
    _cleanup_directory_ struct directory scripts;

    if (directory_list(root_fd, "/etc/init.d", "", &scripts) < 0)
        return false;
    for (unsigned i = 0; i < scripts.count; i++)
        if (!has_unit(root_fd, scripts.names[i]))
            return true;
    return false;
}

/* /lib is /usr/lib, mostly; and one in /etc replaces that of its name elsewhere. */
static bool is_planned(const struct container_plan *plan, const char *path)
{
    for (unsigned i = 0; i < plan->file_count; i++)
        if (strcmp(plan->files[i].path, path) == 0)
            return true;
    return false;
}

static int mask(struct container_plan *plan, const char *kind, const char *name)
{
    char path[400];

    snprintf(path, sizeof path, "systemd/%s/%s", kind, name);
    return is_planned(plan, path) ? 0 : container_plan_add_file(plan, path, S_IFREG | 0755, "");
}

static int mask_all(struct container_plan *plan, int root_fd, const char *directory,
                    const char *kind, bool scripts)
{
    _cleanup_directory_ struct directory generators;
    int r = 0;

    if (directory_list(root_fd, directory_join(directory, kind), "", &generators) < 0)
        return 0;
    for (unsigned i = 0; r == 0 && i < generators.count && i < MASKS_MAX; i++) {
        const char *name = generators.names[i];

        /* The first turns our systemd.mask= into links. */
        if (strcmp(name, "systemd-debug-generator") != 0 &&
            !(scripts && strcmp(name, "systemd-sysv-generator") == 0))
            r = mask(plan, kind, name);
    }
    return r;
}

int rescue_mask_generators(struct container_plan *plan, const struct patient *p)
{
    bool scripts = has_lone_scripts(p->root_fd);
    int r = 0;

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        for (size_t j = 0; r == 0 && j < sizeof directories / sizeof directories[0]; j++)
            r = mask_all(plan, p->root_fd, directories[j], kinds[i], scripts);
    return r;
}
