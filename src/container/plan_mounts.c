/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/plan_mounts.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "container/attach.h"
#include "container/below.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

static bool is_ours(const char *target)
{
    return text_starts_with(target, "/run/") || text_starts_with(target, "/tmp/") ||
           text_starts_with(target, "/dev/");
}

/* Make the mount point in a tmpfs of ours: of the kind that goes there. */
static int make_point(int root_fd, const char *target, bool directory)
{
    char top[8];
    const char *name;
    _cleanup_fd_ int base = -1, parent = -1;

    snprintf(top, sizeof top, "%.3s", target + 1);
    base = path_open_strict(root_fd, top, O_PATH | O_DIRECTORY);
    if (base < 0)
        return base;
    parent = below_parent(base, target + 5, &name);
    if (parent < 0)
        return parent;
    if (directory)
        return mkdirat(parent, name, 0755) < 0 && errno != EEXIST ? -errno : 0;
    return mknodat(parent, name, S_IFREG | 0644, 0) < 0 && errno != EEXIST ? -errno : 0;
}

static int tree_is_directory(int tree)
{
    struct stat st;

    return fstat(tree, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Read-only, as the mount that it is in. */
static int open_mask(int run_fd, int target, struct error *e)
{
    const char *source =
        tree_is_directory(target) ? "host/inaccessible/dir" : "host/inaccessible/reg";
    _cleanup_fd_ int from = path_open_strict(run_fd, source, O_PATH);
    int tree = from < 0 ? from : attach_clone(from, 0, false);

    return tree < 0 ? error_errno(e, tree, "cannot make a mask") : tree;
}

static int open_tree_of(const struct launch *l, const struct container_mount *m, int prepared,
                        int run_fd, int target, struct error *e)
{
    switch (m->kind) {
    case MOUNT_TMPFS:
        return attach_new(
            "tmpfs", m->options, l->plan->label_of_files,
            MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | (m->read_only ? MOUNT_ATTR_RDONLY : 0), e);
    case MOUNT_MASK:
        return open_mask(run_fd, target, e);
    case MOUNT_BIND:
    case MOUNT_BIND_FD:
    case MOUNT_OVERLAY:
        break;
    }
    return prepared;
}

static int attach_one(const struct launch *l, const struct container_mount *m, int prepared,
                      int root_fd, int run_fd, struct error *e)
{
    bool ready = m->kind != MOUNT_TMPFS && m->kind != MOUNT_MASK;
    _cleanup_fd_ int target = -1;
    int tree, r;

    if (ready && prepared < 0)
        return 0; /* optional, and its source is not there */
    target = path_open(root_fd, m->target, O_PATH);
    /* A directory where a file goes, or the other way round: the kernel would refuse it. */
    if (target >= 0 && m->optional && m->kind != MOUNT_MASK &&
        tree_is_directory(target) != (!ready || tree_is_directory(prepared)))
        return 0;
    if (target == -ENOENT && is_ours(m->target) && m->kind != MOUNT_MASK) {
        r = make_point(root_fd, m->target, !ready || tree_is_directory(prepared));
        target = r < 0 ? r : path_open(root_fd, m->target, O_PATH);
    }
    if (target < 0 && m->optional)
        return 0;
    if (target < 0) {
        (void)error_errno(e, target, "cannot mount on %s inside", text_safe(m->target));
        (void)error_advise(e, "nothing is made on the disk for a mount: name a place that exists, "
                              "or one below /run or /tmp");
        return target;
    }
    tree = open_tree_of(l, m, prepared, run_fd, target, e);
    if (tree < 0)
        return tree;
    r = attach_on(target, tree);
    if (!ready)
        fd_close(tree);
    return r < 0 ? error_errno(e, r, "cannot mount on %s inside", text_safe(m->target)) : 0;
}

int plan_mounts_attach(const struct launch *l, int root_fd, int run_fd, struct error *e)
{
    for (unsigned i = 0; i < l->plan->mount_count; i++) {
        int r = attach_one(l, &l->plan->mounts[i], l->mount_trees[i], root_fd, run_fd, e);

        if (r < 0)
            return r;
    }
    return 0;
}
