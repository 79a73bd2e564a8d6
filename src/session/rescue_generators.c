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

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* More of them than any system has: the rest runs. */
#define MASKS_MAX 128

/* Scripts in /etc/init.d that are looked at. */
#define SCRIPTS_MAX 512

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

/* Call @use with each name in the directory, at most @max, until it returns something else than 0:
 * that, or 0. */
static int each_name(int root_fd, const char *path, unsigned max,
                     int (*use)(void *userdata, const char *name), void *userdata)
{
    _cleanup_fd_ int fd = path_open(root_fd, path, O_RDONLY | O_DIRECTORY);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;
    int r = 0;

    if (!dir)
        return 0;
    (void)take_fd(&fd);
    for (unsigned i = 0; r == 0 && i < max && (entry = readdir(dir)); i++)
        if (entry->d_name[0] != '.')
            r = use(userdata, entry->d_name);
    closedir(dir);
    return r;
}

static int is_without_unit(void *userdata, const char *script)
{
    return !has_unit(*(const int *)userdata, script);
}

struct masking {
    struct container_plan *plan;
    const char *kind;
    bool
        scripts; /* there are such without a unit: who says `systemctl start` needs the generator */
};

/* /lib is /usr/lib, mostly; and one in /etc replaces that of its name elsewhere. */
static bool is_planned(const struct container_plan *plan, const char *path)
{
    for (unsigned i = 0; i < plan->file_count; i++)
        if (strcmp(plan->files[i].path, path) == 0)
            return true;
    return false;
}

static int mask(void *userdata, const char *name)
{
    const struct masking *m = userdata;
    char path[400];

    /* It turns our systemd.mask= into links. */
    if (strcmp(name, "systemd-debug-generator") == 0 ||
        (m->scripts && strcmp(name, "systemd-sysv-generator") == 0))
        return 0;
    snprintf(path, sizeof path, "systemd/%s/%s", m->kind, name);
    return is_planned(m->plan, path) ? 0
                                     : container_plan_add_file(m->plan, path, S_IFREG | 0755, "");
}

int rescue_mask_generators(struct container_plan *plan, const struct patient *p)
{
    int root_fd = p->root_fd, r = 0;
    struct masking m = {
        .plan = plan,
        .scripts = each_name(root_fd, "/etc/init.d", SCRIPTS_MAX, is_without_unit, &root_fd) != 0,
    };

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        for (size_t j = 0; r == 0 && j < sizeof directories / sizeof directories[0]; j++) {
            char path[80];

            m.kind = kinds[i];
            snprintf(path, sizeof path, "%s/%s", directories[j], kinds[i]);
            r = each_name(root_fd, path, MASKS_MAX, mask, &m);
        }
    return r;
}
