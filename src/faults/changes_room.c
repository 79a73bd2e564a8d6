/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "faults/changes_room.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "faults/space.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

/* Cut the last component off: "/boot/grub" becomes "/boot", "/boot" becomes "/". False at "/". */
static bool go_up(char *path)
{
    char *slash = strrchr(path, '/');

    if (!slash || !path[1])
        return false;
    slash[slash == path] = '\0';
    return true;
}

/* The directory where the file system begins that @path is on, or would be. */
static void find_top(int root_fd, const char *path, char top[PATH_MAX])
{
    struct stat here, above;
    char at[PATH_MAX];

    snprintf(top, PATH_MAX, "%s", path);
    while (path_stat(root_fd, top, &here) < 0)
        if (!go_up(top))
            return;
    if (!S_ISDIR(here.st_mode))
        (void)go_up(top);
    snprintf(at, sizeof at, "%s", top);
    while (go_up(at) && path_stat(root_fd, at, &above) == 0 && above.st_dev == here.st_dev)
        snprintf(top, PATH_MAX, "%s", at);
}

static bool lacks_inodes(int root_fd, const char *top)
{
    _cleanup_fd_ int fd = path_open(root_fd, top, O_RDONLY | O_DIRECTORY);
    struct statvfs st;

    /* btrfs and vfat count none. */
    return fd >= 0 && fstatvfs(fd, &st) == 0 && st.f_files > 0 && st.f_favail == 0;
}

int changes_room_explain(int root_fd, const char *path, int r, struct error *e)
{
    struct space_entry most[SPACE_TOP];
    char top[PATH_MAX], size[24], where[600] = "";
    bool inodes;

    if (r != -ENOSPC && r != -EDQUOT)
        return 0;
    find_top(root_fd, path, top);
    inodes = r == -ENOSPC && lacks_inodes(root_fd, top);
    if (space_largest(root_fd, top, inodes, most) > 0)
        snprintf(where, sizeof where, "; the most is in %s (%s)", text_safe(most[0].path),
                 inodes ? "by number" : text_bytes(most[0].bytes, size));
    (void)error_set(e, ERROR_FAILED, r, "no-room", "cannot change %s: on the file system of %s %s",
                    text_safe(path), text_safe(top),
                    r == -EDQUOT ? "a quota is used up"
                    : inodes     ? "no inode is left for another file"
                                 : "no room is left");
    (void)error_advise(e, "free some in a shell, then repair again: delete %s%s",
                       inodes ? "small files that are not needed"
                              : "old kernels, logs or packages that are not needed",
                       where);
    return r;
}
