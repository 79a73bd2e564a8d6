/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "faults/space.h"

#include "base/fd.h"
#include "base/path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define ENTRIES_MAX 500000
#define DEPTH_MAX   64
#define LISTED      3 /* levels that get a line of their own */

struct walk {
    dev_t device;
    unsigned seen;
    bool by_files;
    struct space_entry *top;
    unsigned count;
};

static uint64_t weight(const struct walk *w, const struct space_entry *e)
{
    return w->by_files ? e->files : e->bytes;
}

/* Keep the largest ones, in order. A parent that is hardly more than its child is not news. */
static void offer(struct walk *w, const struct space_entry *e)
{
    unsigned at;

    for (unsigned i = 0; i < w->count; i++) {
        size_t length = strlen(e->path);

        if (strncmp(w->top[i].path, e->path, length) == 0 && w->top[i].path[length] == '/' &&
            weight(w, &w->top[i]) >= weight(w, e) / 10 * 8)
            return;
    }
    for (at = w->count; at > 0 && weight(w, &w->top[at - 1]) < weight(w, e); at--)
        if (at < SPACE_TOP)
            w->top[at] = w->top[at - 1];
    if (at == SPACE_TOP)
        return;
    w->top[at] = *e;
    if (w->count < SPACE_TOP)
        w->count++;
}

/* What is in the directory @fd, which is closed; added to @sum. */
static void add_directory(struct walk *w, int fd, const char *path, unsigned depth,
                          struct space_entry *sum)
{
    DIR *dir = fdopendir(fd);
    struct dirent *entry;

    if (!dir) {
        fd_close(fd);
        return;
    }
    while (w->seen < ENTRIES_MAX && (entry = readdir(dir))) {
        struct space_entry below = {0};
        struct stat st;
        int child;

        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
            fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_dev != w->device)
            continue;
        w->seen++;
        /* A file with several names is counted for each of them in equal parts. */
        sum->bytes +=
            (uint64_t)st.st_blocks * 512 / (S_ISDIR(st.st_mode) || !st.st_nlink ? 1 : st.st_nlink);
        sum->files++;
        if (!S_ISDIR(st.st_mode) || depth == DEPTH_MAX ||
            (size_t)snprintf(below.path, sizeof below.path, "%s/%s", path, entry->d_name) >=
                sizeof below.path)
            continue;
        child = openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (child < 0)
            continue;
        add_directory(w, child, below.path, depth + 1, &below);
        sum->bytes += below.bytes;
        sum->files += below.files;
        if (depth < LISTED)
            offer(w, &below);
    }
    closedir(dir);
}

unsigned space_largest(int root_fd, const char *path, bool by_files,
                       struct space_entry ret[SPACE_TOP])
{
    struct walk w = {.by_files = by_files, .top = ret};
    struct space_entry sum = {0};
    int fd = path_open(root_fd, path, O_RDONLY | O_DIRECTORY);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) < 0) {
        fd_close(fd);
        return 0;
    }
    w.device = st.st_dev;
    add_directory(&w, fd, strcmp(path, "/") == 0 ? "" : path, 0, &sum);
    return w.count;
}
