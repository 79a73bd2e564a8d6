/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/launch.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "container/attach.h"
#include "container/user_namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/pidfd.h>

static int take_detached(const struct container_mount *m)
{
    struct mount_attr attr = {.attr_set = m->read_only ? MOUNT_ATTR_RDONLY : 0};
    _cleanup_fd_ int tree = fcntl(m->source_fd, F_DUPFD_CLOEXEC, 3);

    if (tree < 0 || mount_setattr(tree, "", AT_EMPTY_PATH | (m->recursive ? AT_RECURSIVE : 0u),
                                  &attr, sizeof attr) < 0)
        return -errno;
    return take_fd(&tree);
}

/* A bind mount's source, as a detached mount. -ENOENT only when it is not there. */
static int open_source(const struct container_mount *m, int root_fd, int user_fd, struct error *e)
{
    _cleanup_fd_ int fd = -1;
    int tree;

    if (m->kind == MOUNT_BIND) {
        fd = m->source[0] == '+' ? path_open(root_fd, m->source + 1, O_PATH)
                                 : open(m->source, O_PATH | O_CLOEXEC);
        if (fd < 0)
            return error_errno(e, m->source[0] == '+' ? fd : -errno, "cannot open %s",
                               text_safe(m->source));
    }
    tree = attach_clone(fd >= 0 ? fd : m->source_fd, m->read_only ? MOUNT_ATTR_RDONLY : 0,
                        m->recursive);
    /* A detached mount cannot be cloned before Linux 6.15: then it is used itself. */
    if (tree == -EINVAL && m->kind == MOUNT_BIND_FD)
        tree = take_detached(m);
    if (tree >= 0 && m->mapped && user_fd >= 0) {
        int r = attach_map(tree, user_fd, m->recursive);

        if (r < 0) {
            fd_close(tree);
            tree = r;
        }
    }
    return tree < 0 ? error_errno(e, tree, "cannot bind %s",
                                  text_safe(m->source ? m->source : m->target))
                    : tree;
}

static int prepare_mounts(struct launch *l, int root_fd, struct error *e)
{
    const struct container_plan *plan = l->plan;

    l->mount_trees = malloc((plan->mount_count + 1) * sizeof *l->mount_trees);
    if (!l->mount_trees)
        return error_errno(e, -ENOMEM, "cannot prepare the mounts");
    for (unsigned i = 0; i < plan->mount_count; i++)
        l->mount_trees[i] = -1;
    for (unsigned i = 0; i < plan->mount_count; i++) {
        const struct container_mount *m = &plan->mounts[i];

        if (m->kind != MOUNT_BIND && m->kind != MOUNT_BIND_FD)
            continue;
        l->mount_trees[i] = open_source(m, root_fd, l->user_fd, e);
        if (l->mount_trees[i] == -ENOENT && m->optional)
            continue;
        if (l->mount_trees[i] < 0)
            return l->mount_trees[i];
    }
    return 0;
}

static int open_network(const char *path, struct error *e)
{
    _cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

    if (fd < 0)
        return error_errno(e, -errno, "cannot open the network namespace %s", text_safe(path));
    if (ioctl(fd, NS_GET_NSTYPE) != CLONE_NEWNET) /* ioctl_nsfs(2) */
        return error_set(e, ERROR_USAGE, -EINVAL, "usage", "%s is no network namespace",
                         text_safe(path));
    return take_fd(&fd);
}

/* The tree's owners as ids of the user namespace. */
static int map_root(const struct launch *l, struct error *e)
{
    int r = attach_map(l->root_tree, l->user_fd, true);

    if (r == 0)
        return 0;
    (void)error_set(
        e, ERROR_HOST, r, "no-idmap",
        "the file system of the system, or one mounted in it, cannot show its owners to "
        "a user namespace on this kernel, which --untrusted needs");
    return error_advise(e, "use a virtual machine, or `unbrick mount --read-only` and programs of "
                           "the host");
}

static int prepare_users(struct launch *l, struct error *e)
{
    int r;

    if (!l->plan->untrusted)
        return 0;
    l->user_fd = user_namespace_make(e);
    r = l->user_fd < 0 ? l->user_fd : map_root(l, e);
    return r < 0 ? r : dev_open_nodes(l->nodes, e);
}

int launch_prepare(struct launch *ret, const struct container_plan *plan, int root_fd,
                   struct error *e)
{
    int r;

    *ret = (struct launch){.plan = plan,
                           .root_tree = -1,
                           .user_fd = -1,
                           .network_fd = -1,
                           .supervisor_fd = -1,
                           .status_socket = -1,
                           .start_socket = -1,
                           .cgroup_fd = -1,
                           .systemd_fd = -1,
                           .cgroup_tree = -1};
    for (unsigned i = 0; i < DEV_NODES; i++)
        ret->nodes[i] = -1;
    ret->root_tree = attach_clone(root_fd, plan->read_only ? MOUNT_ATTR_RDONLY : 0, true);
    if (ret->root_tree < 0)
        return error_errno(e, ret->root_tree, "cannot clone the root's mount");
    r = prepare_users(ret, e);
    if (r < 0)
        return r;
    if (plan->network_namespace) {
        ret->network_fd = open_network(plan->network_namespace, e);
        if (ret->network_fd < 0)
            return ret->network_fd;
    }
    ret->supervisor_fd = pidfd_open(getpid(), 0);
    if (ret->supervisor_fd < 0)
        return error_errno(e, -errno, "cannot watch our own process");
    if (file_read("/etc/os-release", 65536, &ret->os_release, NULL) < 0)
        (void)file_read("/usr/lib/os-release", 65536, &ret->os_release, NULL);
    return prepare_mounts(ret, root_fd, e);
}

void launch_free(struct launch *l)
{
    for (unsigned i = 0; l->mount_trees && i < l->plan->mount_count; i++)
        fd_close(l->mount_trees[i]);
    free(l->mount_trees);
    free(l->os_release);
    l->mount_trees = NULL;
    l->os_release = NULL;
    l->root_tree = fd_close(l->root_tree);
    for (unsigned i = 0; i < DEV_NODES; i++)
        l->nodes[i] = fd_close(l->nodes[i]);
    l->user_fd = fd_close(l->user_fd);
    l->network_fd = fd_close(l->network_fd);
    l->supervisor_fd = fd_close(l->supervisor_fd);
    l->status_socket = fd_close(l->status_socket);
    l->start_socket = fd_close(l->start_socket);
    l->cgroup_tree = fd_close(l->cgroup_tree);
}
