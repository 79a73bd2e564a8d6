/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/host_users.h"

#include "base/fd.h"
#include "base/host.h"
#include "base/text.h"

#include <ctype.h>
#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The links lead to paths as they are in the process's own mount namespace: those of another one
 * would be other directories, and keep none of ours busy. */
static bool in_our_namespace(const char *pid)
{
    char path[64], own[64], its[64];

    snprintf(path, sizeof path, "/proc/%.32s/ns/mnt", pid);
    return host_readlink("/proc/self/ns/mnt", own, sizeof own) == 0 &&
           host_readlink(path, its, sizeof its) == 0 && strcmp(own, its) == 0;
}

static bool leads_below(const char *link, const char *dir)
{
    char target[PATH_MAX];
    size_t n = strlen(dir);

    return host_readlink(link, target, sizeof target) == 0 && strncmp(target, dir, n) == 0 &&
           (target[n] == '\0' || target[n] == '/');
}

static bool has_open_below(const char *pid, const char *dir)
{
    char path[300];
    struct dirent *entry;
    bool found = false;
    DIR *fds;

    snprintf(path, sizeof path, "/proc/%.32s/fd", pid);
    fds = host_opendir(path);
    while (fds && !found && (entry = readdir(fds))) {
        snprintf(path, sizeof path, "/proc/%.32s/fd/%.32s", pid, entry->d_name);
        found = isdigit((unsigned char)entry->d_name[0]) && leads_below(path, dir);
    }
    if (fds)
        closedir(fds);
    return found;
}

static bool is_below(const char *pid, const char *dir)
{
    static const char *const links[] = {"cwd", "root", "exe"};
    char path[64];

    if (!in_our_namespace(pid))
        return false;
    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) {
        snprintf(path, sizeof path, "/proc/%.32s/%s", pid, links[i]);
        if (leads_below(path, dir))
            return true;
    }
    return has_open_below(pid, dir);
}

static void name_process(const char *pid, char *ret, size_t size)
{
    _cleanup_free_ char *data = NULL;
    char path[64];

    snprintf(path, sizeof path, "/proc/%.32s/comm", pid);
    if (host_read(path, 256, &data, NULL) == 0)
        data[strcspn(data, "\n")] = '\0';
    snprintf(ret, size, "%s (process %.32s)", data && data[0] ? text_safe(data) : "a program", pid);
}

int host_users_find(const char *path, char *ret, size_t size)
{
    DIR *dir = host_opendir("/proc");
    struct dirent *entry;
    int found = 0;

    while (dir && !found && (entry = readdir(dir))) {
        if (!isdigit((unsigned char)entry->d_name[0]) ||
            strtol(entry->d_name, NULL, 10) == getpid() || !is_below(entry->d_name, path))
            continue;
        name_process(entry->d_name, ret, size);
        found = 1;
    }
    if (dir)
        closedir(dir);
    return found;
}
