/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/attach.h"

#include "base/fd.h"
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

/* "mode=755,size=10%,flag" one by one, as fsconfig(2) takes them. */
static int set_options(int fs, const char *options)
{
    char copy[512], *rest = copy, *option;

    if (!options)
        return 0;
    if ((size_t)snprintf(copy, sizeof copy, "%s", options) >= sizeof copy)
        return -E2BIG;
    while ((option = strsep(&rest, ","))) {
        char *value = strchr(option, '=');
        int r;

        if (!*option)
            continue;
        if (value)
            *value++ = '\0';
        r = value ? fsconfig(fs, FSCONFIG_SET_STRING, option, value, 0)
                  : fsconfig(fs, FSCONFIG_SET_FLAG, option, NULL, 0);
        if (r < 0)
            return -errno;
    }
    return 0;
}

int attach_new(const char *type, const char *options, const char *label, uint64_t attributes,
               struct error *e)
{
    _cleanup_fd_ int fs = fsopen(type, FSOPEN_CLOEXEC);
    int fd, r;

    if (fs < 0)
        return error_errno(e, -errno, "cannot make a %s", type);
    /* What mount tables show in place of a device. */
    (void)fsconfig(fs, FSCONFIG_SET_STRING, "source", type, 0);
    r = set_options(fs, options);
    if (r < 0)
        return error_errno(e, r, "cannot make a %s with the options %s", type, options);
    if (label && fsconfig(fs, FSCONFIG_SET_STRING, "context", label, 0) < 0)
        return error_errno(e, -errno, "cannot make a %s with the label %s", type, label);
    if (fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
        return error_errno(e, -errno, "cannot make a %s", type);
    fd = fsmount(fs, FSMOUNT_CLOEXEC, (unsigned)attributes);
    return fd < 0 ? error_errno(e, -errno, "cannot mount a %s", type) : fd;
}

int attach_on(int target, int tree)
{
    return move_mount(tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0
               ? -errno
               : 0;
}

int attach_at(int root_fd, const char *path, int tree, struct error *e)
{
    _cleanup_fd_ int target = path_open_strict(root_fd, path, O_PATH);
    int r = target < 0 ? target : attach_on(target, tree);

    return r < 0 ? error_errno(e, r, "cannot mount on /%s", path) : 0;
}

int attach_clone(int fd, uint64_t attributes, bool recursive)
{
    const unsigned flags = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0u);
    struct mount_attr attr = {.attr_set = attributes, .propagation = MS_PRIVATE};
    _cleanup_fd_ int tree = open_tree(fd, "", flags | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

    if (tree < 0 || mount_setattr(tree, "", flags, &attr, sizeof attr) < 0)
        return -errno;
    return take_fd(&tree);
}

int attach_map(int tree, int user_fd, bool recursive)
{
    struct mount_attr attr = {.attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)user_fd};

    return mount_setattr(tree, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0u), &attr,
                         sizeof attr) < 0
               ? -errno
               : 0;
}

int attach_bind(int from, int target)
{
    _cleanup_fd_ int tree =
        open_tree(from, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

    return tree < 0 ? -errno : attach_on(target, tree);
}

int attach_read_only(int root_fd, const char *path, struct error *e)
{
    _cleanup_fd_ int target = path_open_strict(root_fd, path, O_PATH), tree = -1;
    int r;

    if (target == -ENOENT)
        return 0;
    if (target < 0)
        return error_errno(e, target, "cannot open /%s", path);
    tree = attach_clone(target, MOUNT_ATTR_RDONLY, false);
    r = tree < 0 ? tree : attach_on(target, tree);
    return r < 0 ? error_errno(e, r, "cannot make /%s read-only", path) : 0;
}
