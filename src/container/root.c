/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/root.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/syscalls.h"
#include "base/text.h"
#include "container/attach.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>

/*
 * Places of the host, in a copy of its mount namespace that nobody else sees and that is left in a
 * moment. /proc is not among them, since the layers of an overlay are named by descriptors.
 */
#define TREE_AT    "/sys"
#define SCRATCH_AT "/dev"

/* Where root_stage() puts what the payload finds again: "root", "0", "1" ... */
#define STAGE_AT "/dev"

/* fsconfig(2) takes 255 bytes: this many times "/proc/self/fd/NNN:". */
#define LAYERS_MAX 12

struct overlay {
    int lower[LAYERS_MAX]; /* the topmost first, as overlayfs(5) wants them */
    unsigned lower_count;
    int upper, work; /* -1: read-only */
};

#define OVERLAY_NONE ((struct overlay){.upper = -1, .work = -1})

static void overlay_close(struct overlay *o)
{
    for (unsigned i = 0; i < o->lower_count; i++)
        fd_close(o->lower[i]);
    fd_close(o->upper);
    fd_close(o->work);
}

static int set_layer(int fs, const char *option, int fd)
{
    char path[32];

    return fd >= 0 && fsconfig(fs, FSCONFIG_SET_STRING, option, fd_path(fd, path), 0) < 0 ? -errno
                                                                                          : 0;
}

/* @user: in a user namespace, where its notes about files go to attributes of another kind. */
static int overlay_mount(const struct overlay *o, bool user, struct error *e)
{
    _cleanup_fd_ int fs = fsopen("overlay", FSOPEN_CLOEXEC);
    _cleanup_text_ struct text lower = TEXT_INIT(256);
    int fd, r = fs < 0 ? -errno : 0;

    if (r == -ENODEV)
        return error_set(e, ERROR_HOST, r, "no-overlay",
                         "the host's kernel has no overlay file "
                         "system (module overlay)");
    for (unsigned i = 0; i < o->lower_count; i++)
        (void)text_appendf(&lower, "%s/proc/self/fd/%d", i ? ":" : "", o->lower[i]);
    if (r == 0)
        r = lower.failed;
    if (r == 0 && (fsconfig(fs, FSCONFIG_SET_STRING, "source", "overlay", 0) < 0 ||
                   fsconfig(fs, FSCONFIG_SET_STRING, "lowerdir", lower.data, 0) < 0))
        r = -errno;
    if (r == 0)
        r = set_layer(fs, "upperdir", o->upper);
    if (r == 0)
        r = set_layer(fs, "workdir", o->work);
    if (r == 0 && user && fsconfig(fs, FSCONFIG_SET_FLAG, "userxattr", NULL, 0) < 0)
        r = -errno;
    if (r == 0 && fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
        r = -errno;
    if (r < 0)
        return error_errno(e, r, "cannot make an overlay");
    fd = fsmount(fs, FSMOUNT_CLOEXEC, 0);
    return fd < 0 ? error_errno(e, -errno, "cannot mount an overlay") : fd;
}

/* A directory in memory for each overlay that needs one: NUMBER/upper and NUMBER/work. */
static int open_scratch(struct overlay *o, unsigned number, struct error *e)
{
    static const char *const names[] = {"upper", "work"};
    int *fds[] = {&o->upper, &o->work};

    for (unsigned i = 0; i < 2; i++) {
        char path[64];

        snprintf(path, sizeof path, SCRATCH_AT "/%s-%u", names[i], number);
        if (mkdir(path, 0755) < 0)
            return error_errno(e, -errno, "cannot make a layer in memory");
        *fds[i] = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (*fds[i] < 0)
            return error_errno(e, -errno, "cannot open a layer in memory");
    }
    return 0;
}

/* "/host/path", or "+/path" in the container's tree. */
static int open_layer(const char *path, int tree, struct error *e)
{
    int fd = path[0] == '+' ? path_open(tree, path + 1, O_PATH | O_DIRECTORY)
                            : open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

    return fd >= 0
               ? fd
               : error_errno(e, path[0] == '+' ? fd : -errno, "cannot open %s", text_safe(path));
}

static int add_lower(struct overlay *o, int fd, struct error *e)
{
    if (fd < 0)
        return fd;
    if (o->lower_count == LAYERS_MAX) {
        fd_close(fd);
        return error_set(e, ERROR_USAGE, -E2BIG, "usage", "an overlay of more than %d directories",
                         LAYERS_MAX);
    }
    o->lower[o->lower_count++] = fd;
    return 0;
}

static int make_overlay(const struct launch *l, unsigned number, int tree, struct error *e)
{
    const struct container_mount *m = &l->plan->mounts[number];
    struct overlay o = OVERLAY_NONE;
    unsigned count = 0;
    int r = 0;

    while (m->layers[count])
        count++;
    if (m->layer == LAYER_MEMORY)
        r = open_scratch(&o, number, e);
    for (unsigned i = count; r == 0 && i-- > 0;) {
        int fd = open_layer(m->layers[i], tree, e);

        if (i == count - 1 && m->layer == LAYER_UPPER)
            r = o.upper = fd;
        else
            r = add_lower(&o, fd, e);
        r = r > 0 ? 0 : r;
    }
    if (r == 0 && m->layer == LAYER_UPPER) {
        o.work = open_layer(m->work, tree, e);
        r = o.work < 0 ? o.work : 0;
    }
    if (r == 0)
        r = overlay_mount(&o, l->user_fd >= 0, e);
    overlay_close(&o);
    return r < 0 ? error_context(e, r, "%s", text_safe(m->target)) : r;
}

/* The tree is the lower layer, and what is written goes to memory. */
static int make_root_overlay(const struct launch *l, int tree, struct error *e)
{
    struct overlay o = OVERLAY_NONE;
    int r = open_scratch(&o, l->plan->mount_count, e);

    if (r == 0)
        r = add_lower(&o, open_layer(TREE_AT, tree, e), e);
    if (r == 0)
        r = overlay_mount(&o, l->user_fd >= 0, e);
    overlay_close(&o);
    return r;
}

static bool wants_scratch(const struct container_plan *plan)
{
    for (unsigned i = 0; i < plan->mount_count; i++)
        if (plan->mounts[i].kind == MOUNT_OVERLAY && plan->mounts[i].layer == LAYER_MEMORY)
            return true;
    return plan->root_in_memory;
}

static int attach_scratch(struct error *e)
{
    _cleanup_fd_ int fd = attach_new("tmpfs", "mode=0755,size=50%", NULL, MOUNT_ATTR_NODEV, e);

    if (fd < 0)
        return fd;
    return move_mount(fd, "", AT_FDCWD, SCRATCH_AT, MOVE_MOUNT_F_EMPTY_PATH) < 0
               ? error_errno(e, -errno, "cannot mount a layer in memory")
               : 0;
}

static int make_overlays(const struct launch *l, int tree, struct error *e)
{
    const struct container_plan *plan = l->plan;
    int r = wants_scratch(plan) ? attach_scratch(e) : 0;

    for (unsigned i = 0; r >= 0 && i < plan->mount_count; i++)
        if (plan->mounts[i].kind == MOUNT_OVERLAY)
            r = l->mount_trees[i] = make_overlay(l, i, tree, e);
    return r < 0 ? r : 0;
}

/* --- the way into a user namespace --------------------------------------------------------------
 */

/* Attach @tree at STAGE_AT/@name. */
static int stage_one(const char *name, int tree, struct error *e)
{
    char path[64];
    struct stat st;
    int r;

    snprintf(path, sizeof path, STAGE_AT "/%s", name);
    r = fstat(tree, &st) < 0  ? -errno
        : S_ISDIR(st.st_mode) ? mkdir(path, 0700)
                              : mknod(path, S_IFREG | 0600, 0);
    if (r < 0 || move_mount(tree, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH) < 0)
        return error_errno(e, -errno, "cannot mount the system's root");
    return 0;
}

static int unstage_one(const char *name, struct error *e)
{
    char path[64];
    int tree;

    snprintf(path, sizeof path, STAGE_AT "/%s", name);
    tree = open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
    return tree < 0 ? error_errno(e, -errno, "cannot clone the root's mount") : tree;
}

static bool is_bind(const struct container_mount *m)
{
    return m->kind == MOUNT_BIND || m->kind == MOUNT_BIND_FD;
}

int root_stage(const struct launch *l, struct error *e)
{
    char name[16];
    int r;

    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("tmpfs", STAGE_AT, "tmpfs", MS_NODEV | MS_NOSUID, "mode=0755,size=1m") < 0)
        return error_errno(e, -errno, "cannot make a mount namespace");
    r = stage_one("root", l->root_tree, e);
    for (unsigned i = 0; r == 0 && i < l->plan->mount_count; i++) {
        if (!is_bind(&l->plan->mounts[i]) || l->mount_trees[i] < 0)
            continue;
        snprintf(name, sizeof name, "%u", i);
        r = stage_one(name, l->mount_trees[i], e);
    }
    return r;
}

/* Clones of what root_stage() put there: the copy of its namespace has locked what they may do. */
static int unstage(const struct launch *l, struct error *e)
{
    char name[16];

    for (unsigned i = 0; i < l->plan->mount_count; i++) {
        if (!is_bind(&l->plan->mounts[i]) || l->mount_trees[i] < 0)
            continue;
        snprintf(name, sizeof name, "%u", i);
        l->mount_trees[i] = unstage_one(name, e);
        if (l->mount_trees[i] < 0)
            return l->mount_trees[i];
    }
    return unstage_one("root", e);
}

int root_enter(const struct launch *l, int *ret_root_fd, struct error *e)
{
    _cleanup_fd_ int overlay = -1;
    int tree = l->root_tree, r;

    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return error_errno(e, -errno, "cannot make the mount namespace private");
    if (l->user_fd >= 0)
        tree = unstage(l, e);
    if (tree < 0)
        return tree;
    if (move_mount(tree, "", AT_FDCWD, TREE_AT, MOVE_MOUNT_F_EMPTY_PATH) < 0)
        return error_errno(e, -errno, "cannot mount the system's root");
    r = make_overlays(l, tree, e);
    if (r < 0)
        return r;
    if (l->plan->root_in_memory) {
        overlay = make_root_overlay(l, tree, e);
        if (overlay < 0)
            return overlay;
        if (move_mount(overlay, "", AT_FDCWD, TREE_AT, MOVE_MOUNT_F_EMPTY_PATH) < 0)
            return error_errno(e, -errno, "cannot mount the system's root");
        tree = overlay;
    }
    if (fchdir(tree) < 0 || sys_pivot_root(".", ".") < 0 || umount2(".", MNT_DETACH) < 0 ||
        chdir("/") < 0)
        return error_errno(e, -errno, "cannot enter the system's root");
    *ret_root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    return *ret_root_fd < 0 ? error_errno(e, -errno, "cannot open the system's root") : 0;
}
