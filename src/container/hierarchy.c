/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/hierarchy.h"

#include "base/fd.h"
#include "base/text.h"
#include "container/attach.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>

#define ATTRIBUTES (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

static const struct {
    const char *prefix;
    const char *line;           /* what a line of /proc/self/cgroup has behind the number */
    const char *type, *options; /* for a mount of our own */
    long magic;
    const char *places[2]; /* where hosts have it mounted */
} hierarchies[] = {
    [HIERARCHY_UNIFIED] = {"",
                           "::",
                           "cgroup2",
                           NULL,
                           CGROUP2_SUPER_MAGIC,
                           {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"}},
    [HIERARCHY_SYSTEMD] = {"systemd:",
                           ":name=systemd:",
                           "cgroup",
                           "none,name=systemd,xattr",
                           CGROUP_SUPER_MAGIC,
                           {"/sys/fs/cgroup/systemd", NULL}},
    [HIERARCHY_DEVICES] = {"devices:",
                           ":devices:",
                           "cgroup",
                           "devices",
                           CGROUP_SUPER_MAGIC,
                           {"/sys/fs/cgroup/devices", NULL}},
};

/* What the kernel still has to free of a group takes it some milliseconds. */
#define RETIRE_MS 1000

#define COUNT (sizeof hierarchies / sizeof hierarchies[0])

enum hierarchy hierarchy_of(const char *group, const char **ret_path)
{
    for (unsigned h = HIERARCHY_UNIFIED + 1; h < COUNT; h++)
        if (text_starts_with(group, hierarchies[h].prefix)) {
            *ret_path = group + strlen(hierarchies[h].prefix);
            return (enum hierarchy)h;
        }
    *ret_path = group;
    return HIERARCHY_UNIFIED;
}

const char *hierarchy_prefix(enum hierarchy h)
{
    return hierarchies[h].prefix;
}

/* A line is "NUMBER:CONTROLLERS:PATH"; that of the unified hierarchy is "0::PATH" (cgroups(7)). */
int hierarchy_current(enum hierarchy h, char *ret, size_t size)
{
    _cleanup_free_ char *data = NULL;
    char *rest, *line;
    int r = file_read("/proc/self/cgroup", 65536, &data, NULL);

    if (r < 0)
        return r;
    rest = data;
    while ((line = strsep(&rest, "\n"))) {
        line += strspn(line, "0123456789");
        if (!text_starts_with(line, hierarchies[h].line))
            continue;
        line += strlen(hierarchies[h].line);
        if (strcmp(line, "/") == 0)
            line = (char *)"";
        return (size_t)snprintf(ret, size, "%s", line) < size ? 0 : -ENAMETOOLONG;
    }
    return -ENOENT;
}

static int mount_own(enum hierarchy h)
{
    return attach_new(hierarchies[h].type, hierarchies[h].options, NULL, ATTRIBUTES, NULL);
}

/* The host's mount where it shows the directory above the group: in somebody else's container it
 * may show only a part, or be read-only. A mount of our own takes the kernel milliseconds. */
int hierarchy_open(enum hierarchy h, const char *group)
{
    char above[512];

    snprintf(above, sizeof above, ".%.*s", (int)(strrchr(group, '/') - group), group);
    for (unsigned i = 0; i < 2 && hierarchies[h].places[i]; i++) {
        _cleanup_fd_ int fd = open(hierarchies[h].places[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
        struct statfs fs;

        if (fd >= 0 && fstatfs(fd, &fs) == 0 && fs.f_type == hierarchies[h].magic &&
            !(fs.f_flags & ST_RDONLY) && faccessat(fd, above, F_OK, 0) == 0)
            return take_fd(&fd);
    }
    return mount_own(h);
}

static bool host_has(enum hierarchy h)
{
    struct statfs fs;

    return statfs(hierarchies[h].places[0], &fs) == 0 && fs.f_type == hierarchies[h].magic;
}

/* The last mount that goes while there is no group ends it (cgroup_kill_sb() in the kernel). */
void hierarchy_retire(enum hierarchy h)
{
    char current[512];

    if (h == HIERARCHY_UNIFIED || host_has(h))
        return;
    for (unsigned waited = 0;
         waited < RETIRE_MS && hierarchy_current(h, current, sizeof current) == 0; waited += 10) {
        _cleanup_fd_ int fd = mount_own(h);
        struct stat st;

        if (fd < 0 || fstat(fd, &st) < 0 || st.st_nlink > 2)
            return; /* somebody else's groups */
        (void)poll(NULL, 0, 10);
    }
}
