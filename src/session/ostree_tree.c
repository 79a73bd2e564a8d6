/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/ostree_tree.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "terminal/ui.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

/* What of the file system is seen where in the root. */
struct part {
    char source[300]; /* below the file system */
    const char *target;
    bool read_only;
};

/* A mount of its own of the directory @path below @root_fd. */
static int clone_directory(int root_fd, const char *path)
{
    _cleanup_fd_ int place = path_open_strict(root_fd, path, O_DIRECTORY);
    int fd;

    if (place < 0)
        return place;
    fd = open_tree(place, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

static int attach_part(int physical, int root, const struct part *part)
{
    struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};
    _cleanup_fd_ int tree = clone_directory(physical, part->source);
    _cleanup_fd_ int point = path_open_strict(root, part->target, O_DIRECTORY);

    if (tree < 0 || point < 0)
        return tree < 0 ? tree : point;
    if (part->read_only && mount_setattr(tree, "", AT_EMPTY_PATH, &attr, sizeof attr) < 0)
        return -errno;
    if (move_mount(tree, "", point, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
        return -errno;
    return 0;
}

/* As ostree-prepare-root decides it: "loader" in it is a link which OSTree switches over. */
static bool has_boot_files(int physical)
{
    _cleanup_fd_ int fd = path_open(physical, "boot/loader", O_PATH | O_NOFOLLOW);
    struct stat st;

    return fd >= 0 && fstat(fd, &st) == 0 && S_ISLNK(st.st_mode);
}

static void attach_parts(int physical, int root, const char *deployment)
{
    struct part parts[] = {
        {.target = "usr", .read_only = true},
        {.target = "var"},
        {.source = ".", .target = "sysroot"},
        {.source = "boot", .target = "boot"},
    };
    size_t count = sizeof parts / sizeof parts[0];
    /* "ostree/deploy/OS" */
    const char *os = deployment + strlen("ostree/deploy/");

    snprintf(parts[0].source, sizeof parts[0].source, "%.250s/usr", deployment);
    snprintf(parts[1].source, sizeof parts[1].source, "ostree/deploy/%.*s/var",
             (int)strcspn(os, "/"), os);
    if (!has_boot_files(physical))
        count--;
    for (size_t i = 0; i < count; i++) {
        int r = attach_part(physical, root, &parts[i]);

        if (r < 0)
            ui_warn("/%s is not as OSTree has it: %s: %s", parts[i].target,
                    text_safe(parts[i].source), strerror(-r));
    }
}

int ostree_tree_mount(int physical_fd, const char *deployment, const char *dir, const char *tree,
                      struct error *e)
{
    _cleanup_fd_ int physical = -1, root = -1, clone = -1;
    char path[160];

    snprintf(path, sizeof path, "%s/physical", dir);
    if (mkdir(path, 0700) < 0)
        return error_errno(e, -errno, "cannot make %s", path);
    if (move_mount(physical_fd, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH) < 0)
        return error_errno(e, -errno, "cannot attach the file system");
    physical = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (physical < 0)
        return error_errno(e, -errno, "cannot open %s", path);
    clone = clone_directory(physical, deployment);
    if (clone < 0)
        return error_errno(e, clone, "cannot open %s", text_safe(deployment));
    if (move_mount(clone, "", AT_FDCWD, tree, MOVE_MOUNT_F_EMPTY_PATH) < 0)
        return error_errno(e, -errno, "cannot attach the root");
    root = open(tree, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        return error_errno(e, -errno, "cannot open %s", tree);
    attach_parts(physical, root, deployment);
    return 0;
}
