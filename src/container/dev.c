/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/dev.h"

#include "base/fd.h"
#include "base/text.h"
#include "container/attach.h"
#include "container/below.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/* Documentation/admin-guide/devices.txt of the kernel. */
static const struct {
    const char *name;
    unsigned major, minor;
} nodes[DEV_NODES] = {
    {"null", 1, 3},   {"zero", 1, 5},    {"full", 1, 7},
    {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0},
};

static const struct {
    const char *name, *target;
} links[] = {
    {"fd", "/proc/self/fd"},       {"stdin", "/proc/self/fd/0"}, {"stdout", "/proc/self/fd/1"},
    {"stderr", "/proc/self/fd/2"}, {"core", "/proc/kcore"},      {"ptmx", "pts/ptmx"},
};

static int make_node(int dir, const char *name, mode_t mode, dev_t devno)
{
    return mknodat(dir, name, mode, devno) < 0 ? -errno : 0;
}

/* A link at @path that leads to @node; both below /dev. What is there already stays. */
static int make_link(int dev_fd, const char *path, const char *node)
{
    const char *name;
    _cleanup_fd_ int parent = below_parent(dev_fd, path, &name);
    char target[4096] = "";
    size_t used = 0;

    if (parent < 0)
        return parent;
    for (const char *c = path; *c && used + 4 < sizeof target; c++)
        if (*c == '/')
            used += (size_t)snprintf(target + used, sizeof target - used, "../");
    if ((size_t)snprintf(target + used, sizeof target - used, "%s", node) >= sizeof target - used)
        return -ENAMETOOLONG;
    return symlinkat(target, parent, name) < 0 && errno != EEXIST ? -errno : 0;
}

/* No read permission for others; the group (disk) of the patient is not known here. */
static int make_device(int dev_fd, const struct container_device *d)
{
    const char *name;
    _cleanup_fd_ int parent = below_parent(dev_fd, d->node, &name);
    int r = parent < 0
                ? parent
                : make_node(parent, name, d->character ? S_IFCHR | 0600 : S_IFBLK | 0660, d->devno);

    for (char **link = d->links; r == 0 && link && *link; link++)
        r = make_link(dev_fd, *link, d->node);
    return r;
}

int dev_open_nodes(int ret[DEV_NODES], struct error *e)
{
    for (unsigned i = 0; i < DEV_NODES; i++) {
        _cleanup_fd_ int fd = -1;
        struct stat st;
        char path[32];

        snprintf(path, sizeof path, "/dev/%s", nodes[i].name);
        fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &st) < 0)
            return error_errno(e, -errno, "cannot open %s", path);
        if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(nodes[i].major, nodes[i].minor))
            return error_errno(e, -ENODEV, "%s of this host is not what it should be", path);
        ret[i] = attach_clone(fd, 0, false);
        if (ret[i] < 0)
            return error_errno(e, ret[i], "cannot bind %s", path);
    }
    return 0;
}

static int show_node(int dev_fd, const char *name, int tree)
{
    _cleanup_fd_ int place = -1;
    int r = below_write(dev_fd, name, 0666, NULL, 0);

    if (r < 0)
        return r;
    place = openat(dev_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    return place < 0 ? -errno : attach_on(place, tree);
}

int dev_fill(const struct container_plan *plan, const int trees[DEV_NODES], int dev_fd,
             struct error *e)
{
    for (unsigned i = 0; i < DEV_NODES; i++) {
        int r = trees[i] >= 0 ? show_node(dev_fd, nodes[i].name, trees[i])
                              : make_node(dev_fd, nodes[i].name, S_IFCHR | 0666,
                                          makedev(nodes[i].major, nodes[i].minor));

        if (r < 0)
            return error_errno(e, r, "cannot make /dev/%s", nodes[i].name);
    }
    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++)
        if (symlinkat(links[i].target, dev_fd, links[i].name) < 0)
            return error_errno(e, -errno, "cannot make /dev/%s", links[i].name);
    for (unsigned i = 0; i < plan->device_count; i++) {
        int r = !plan->devices[i].node ? 0 : make_device(dev_fd, &plan->devices[i]);

        if (r < 0)
            return error_errno(e, r, "cannot make /dev/%s", text_safe(plan->devices[i].node));
    }
    return 0;
}

/* The slave, by descriptor and never by a name in a directory that others can write. */
static int open_pty(int pts_fd, const struct container_plan *plan, int *ret_master, int *ret_slave)
{
    _cleanup_fd_ int master = openat(pts_fd, "ptmx", O_RDWR | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC);
    struct winsize size = {.ws_row = plan->rows ? plan->rows : 24,
                           .ws_col = plan->columns ? plan->columns : 80};
    int unlock = 0, slave;

    if (master < 0 || ioctl(master, TIOCSPTLCK, &unlock) < 0)
        return -errno;
    slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (slave < 0)
        return -errno;
    if (plan->user.uid)
        (void)fchown(slave, plan->user.uid, (gid_t)-1);
    (void)ioctl(master, TIOCSWINSZ, &size);
    *ret_master = take_fd(&master);
    *ret_slave = slave;
    return 0;
}

int dev_console(const struct container_plan *plan, int dev_fd, int pts_fd, int *ret_master,
                int *ret_slave, struct error *e)
{
    _cleanup_fd_ int master = -1, slave = -1, place = -1;
    int r = open_pty(pts_fd, plan, &master, &slave);

    if (r < 0)
        return error_errno(e, r, "cannot make a terminal for the console");
    r = below_write(dev_fd, "console", 0600, NULL, 0);
    if (r == 0) {
        place = openat(dev_fd, "console", O_PATH | O_NOFOLLOW | O_CLOEXEC);
        r = place < 0 ? -errno : 0;
    }
    if (r == 0)
        r = attach_bind(slave, place);
    if (r < 0)
        return error_errno(e, r, "cannot make /dev/console");
    *ret_master = take_fd(&master);
    *ret_slave = take_fd(&slave);
    return 0;
}
