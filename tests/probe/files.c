/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* /run/host, and the files of the plan. */

#include "probe.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void container_manager(void)
{
    char uuid[64];

    if (strcmp(contents("/run/host/container-manager"), "unbrick\n") != 0)
        wrong("container-manager: %s", contents("/run/host/container-manager"));
    snprintf(uuid, sizeof uuid, "%s\n", plan_value("uuid") ? plan_value("uuid") : "?");
    if (strcmp(contents("/run/host/container-uuid"), uuid) != 0)
        wrong("container-uuid: %s", contents("/run/host/container-uuid"));
}

static void os_release(void)
{
    const char *host = plan_value("host os-release");

    if (host && !strstr(contents("/run/host/os-release"), host))
        wrong("the host's os-release is not there");
}

/* Nodes that systemd lays over what a service may not see, where it cannot make its own. */
static void inaccessible(void)
{
    static const struct {
        const char *path;
        mode_t type;
    } nodes[] = {{"reg", S_IFREG},   {"dir", S_IFDIR}, {"fifo", S_IFIFO},
                 {"sock", S_IFSOCK}, {"chr", S_IFCHR}, {"blk", S_IFBLK}};

    for (size_t i = 0; i < sizeof nodes / sizeof nodes[0]; i++) {
        char path[64];
        struct stat st;

        /* Of devices a user namespace can make one kind only, 0:0 (mknod(2), whiteouts). */
        if (plan_value("user namespace") && nodes[i].type == S_IFBLK)
            continue;
        snprintf(path, sizeof path, "/run/host/inaccessible/%s", nodes[i].path);
        if (lstat(path, &st) < 0 || st.st_mode != nodes[i].type || st.st_rdev)
            wrong("%s is not there, or has a mode", path);
    }
}

static void planned_file(const char *word)
{
    if (word[0] == '/' && access(word, F_OK) < 0)
        wrong("%s: %s", word, strerror(errno));
}

static void planned_files(void)
{
    plan_words("in memory", planned_file);
}

const struct check file_checks[] = {
    {"run-host-manager", container_manager},
    {"run-host-os-release", os_release},
    {"run-host-inaccessible", inaccessible},
    {"planned-files", planned_files},
    {NULL, NULL},
};
