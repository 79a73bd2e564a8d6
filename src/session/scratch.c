/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/scratch.h"

#include "base/fd.h"
#include "base/step.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX ".#unbrick-"

/* overlayfs keeps "work" and "index" in it, with one level of entries. */
#define DEPTH_MAX 4

int scratch_make(struct journal *j, const char *beside, char *ret, size_t size, struct error *e)
{
    static unsigned number;
    char real[PATH_MAX];
    int r;

    if (!realpath(beside, real))
        return error_errno(e, -errno, "cannot open %s", text_safe(beside));
    *strrchr(real, '/') = '\0';
    if ((size_t)snprintf(ret, size, "%s/" PREFIX "%d-%u", real, (int)getpid(), ++number) >= size)
        return error_errno(e, -ENAMETOOLONG, "cannot make a directory beside %s",
                           text_safe(beside));
    r = journal_record(j, JOURNAL_SCRATCH, ret);
    if (r == 0 && mkdir(ret, 0700) < 0)
        r = -errno;
    if (r < 0)
        return error_errno(e, r, "cannot make %s", text_safe(ret));
    step_reached("spawn-scratch");
    return 0;
}

static int remove_below(int fd, unsigned depth)
{
    int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), failed = 0;
    DIR *dir = copy >= 0 ? fdopendir(copy) : NULL;
    struct dirent *entry;

    if (!dir) {
        fd_close(copy);
        return -errno;
    }
    while (depth && (entry = readdir(dir))) {
        _cleanup_fd_ int child = -1;

        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (unlinkat(fd, entry->d_name, 0) == 0)
            continue;
        child = openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (child >= 0)
            (void)remove_below(child, depth - 1);
        if (unlinkat(fd, entry->d_name, AT_REMOVEDIR) < 0)
            failed = -errno;
    }
    closedir(dir);
    return failed;
}

int scratch_remove(const char *path, struct error *e)
{
    const char *name = strrchr(path, '/');
    _cleanup_fd_ int fd = -1;
    int r;

    /* The journal is ours; that it names something else all the same must not cost a directory. */
    if (!name || !text_starts_with(name + 1, PREFIX))
        return error_errno(e, -EINVAL, "%s is no directory of ours", text_safe(path));
    fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? 0 : error_errno(e, -errno, "cannot open %s", text_safe(path));
    r = remove_below(fd, DEPTH_MAX);
    if (r == 0 && rmdir(path) < 0)
        r = -errno;
    return r < 0 ? error_errno(e, r, "cannot remove %s", text_safe(path)) : 0;
}
