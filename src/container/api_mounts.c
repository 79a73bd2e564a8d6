/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/api_mounts.h"

#include "base/fd.h"
#include "base/path.h"
#include "container/attach.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define NOSUID MOUNT_ATTR_NOSUID
#define NODEV  MOUNT_ATTR_NODEV
#define NOEXEC MOUNT_ATTR_NOEXEC
#define RDONLY MOUNT_ATTR_RDONLY

enum keep { KEEP_NOTHING, KEEP_DEV, KEEP_PTS, KEEP_RUN, KEEP_COUNT };

/*
 * In this order. A directory is made only below a mount of ours (.make): the patient's tree gets
 * none. An optional one is passed over where the place or the kernel's file system is not there.
 */
static const struct {
    const char *path, *type, *options;
    uint64_t attributes;
    mode_t make;
    bool optional;
    enum keep keep;
} table[] = {
    {"dev", "tmpfs", "mode=0755,size=4m", NOSUID | NOEXEC, 0, false, KEEP_DEV},
    {"dev/pts", "devpts", "ptmxmode=0666,mode=0620,gid=5", NOSUID | NOEXEC, 0755, false, KEEP_PTS},
    {"dev/shm", "tmpfs", "mode=1777", NOSUID | NODEV, 01777, false, KEEP_NOTHING},
    {"dev/mqueue", "mqueue", NULL, NOSUID | NODEV | NOEXEC, 0755, true, KEEP_NOTHING},
    {"proc", "proc", NULL, NOSUID | NODEV | NOEXEC, 0, false, KEEP_NOTHING},
    /* Read-only: that is how systemd and udev see that devices are not theirs to manage. */
    {"sys", "sysfs", NULL, NOSUID | NODEV | NOEXEC | RDONLY, 0, false, KEEP_NOTHING},
    /* Whole and alone: the root of the container's own cgroup namespace. */
    {"sys/fs/cgroup", "cgroup2", NULL, NOSUID | NODEV | NOEXEC, 0, true, KEEP_NOTHING},
    {"run", "tmpfs", "mode=0755,size=20%", NOSUID | NODEV, 0, false, KEEP_RUN},
    {"tmp", "tmpfs", "mode=1777,size=50%", NOSUID | NODEV, 0, true, KEEP_NOTHING},
};

/* Read by everyone inside, written by nobody: they reach the host's kernel (proc(5)). */
static const char *const proc_read_only[] = {"proc/sys", "proc/acpi", "proc/apm", "proc/asound",
                                             "proc/bus", "proc/fs",   "proc/irq", "proc/scsi"};

/* Covered by an empty file or directory. */
static const char *const proc_masked[] = {
    "proc/kallsyms", "proc/kcore",      "proc/keys",        "proc/latency_stats",
    "proc/kmsg",     "proc/timer_list", "proc/sched_debug", "proc/sysrq-trigger"};

int api_mounts_check_points(int root_fd, struct error *e)
{
    static const char *const points[] = {"proc", "sys", "dev", "run"};
    char missing[64] = "";
    size_t used = 0;

    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        _cleanup_fd_ int fd = path_open_strict(root_fd, points[i], O_PATH | O_DIRECTORY);

        if (fd < 0)
            used += (size_t)snprintf(missing + used, sizeof missing - used, "%s/%s",
                                     used ? " " : "", points[i]);
    }
    if (!used)
        return 0;
    return error_set(e, ERROR_TARGET, -ENOTDIR, "missing-directory",
                     "the system lacks directories that every Linux needs: %s", missing);
}

/* Only a directory of the tree itself counts; -ENOENT for a link, a file or nothing. */
static int open_point(int root_fd, const char *path)
{
    int fd = path_open_strict(root_fd, path, O_PATH | O_DIRECTORY);

    return fd == -ELOOP || fd == -ENOTDIR ? -ENOENT : fd;
}

/* An optional one: there is no place for it, or this kernel does not know it. Version 2 of cgroups
 * may be refused in somebody else's container. */
static bool may_be_missing(size_t i, int error)
{
    return table[i].optional && (error == -ENOENT || error == -ENODEV ||
                                 (error == -EPERM && strcmp(table[i].type, "cgroup2") == 0));
}

/* @ready: a descriptor of the mount itself, instead of a new one; -1 */
static int make_one(size_t i, int root_fd, int ready, int *ret_fd, struct error *e)
{
    _cleanup_fd_ int point = -1, tree = -1;
    struct error own = {0};
    int r;

    /* Below a tmpfs of ours that is mounted already: no link of the patient is on the way. */
    if (table[i].make && mkdirat(root_fd, table[i].path, table[i].make) < 0)
        return error_errno(e, -errno, "cannot make /%s", table[i].path);
    if (table[i].make && fchmodat(root_fd, table[i].path, table[i].make, 0) < 0)
        return error_errno(e, -errno, "cannot make /%s", table[i].path);
    point = open_point(root_fd, table[i].path);
    if (point < 0 && may_be_missing(i, point))
        return 0;
    if (point < 0)
        return error_errno(e, point, "cannot open /%s", table[i].path);
    tree = ready >= 0 ? fcntl(ready, F_DUPFD_CLOEXEC, 3)
                      : attach_new(table[i].type, table[i].options, table[i].attributes, &own);
    if (tree < 0 && may_be_missing(i, tree))
        return 0;
    if (tree < 0 && e)
        *e = own;
    if (tree < 0)
        return error_context(e, tree, "/%s", table[i].path);
    r = attach_on(point, tree);
    if (r < 0)
        return may_be_missing(i, r) ? 0 : error_errno(e, r, "cannot mount on /%s", table[i].path);
    *ret_fd = take_fd(&tree);
    return 0;
}

int api_mounts_make(int root_fd, int cgroup_tree, int *ret_dev, int *ret_pts, int *ret_run,
                    struct error *e)
{
    int kept[KEEP_COUNT] = {-1, -1, -1, -1}, r = 0;

    for (size_t i = 0; r == 0 && i < sizeof table / sizeof table[0]; i++) {
        _cleanup_fd_ int fd = -1;

        r = make_one(i, root_fd, strcmp(table[i].type, "cgroup2") == 0 ? cgroup_tree : -1, &fd, e);
        if (r == 0 && table[i].keep)
            kept[table[i].keep] = take_fd(&fd);
    }
    if (r < 0) {
        for (int i = 0; i < KEEP_COUNT; i++)
            fd_close(kept[i]);
        return r;
    }
    *ret_dev = kept[KEEP_DEV];
    *ret_pts = kept[KEEP_PTS];
    *ret_run = kept[KEEP_RUN];
    return 0;
}

/* Lay what is at @source below @run_fd over @path. Not there: nothing to cover. */
static int cover(int root_fd, const char *path, int run_fd, const char *source, struct error *e)
{
    _cleanup_fd_ int target = path_open_strict(root_fd, path, O_PATH), from = -1, tree = -1;
    int r;

    if (target == -ENOENT)
        return 0;
    if (target < 0)
        return error_errno(e, target, "cannot open /%s", path);
    from = path_open_strict(run_fd, source, O_PATH);
    tree = from < 0 ? from : attach_clone(from, false);
    r = tree < 0 ? tree : attach_set(tree, RDONLY, false);
    if (r == 0)
        r = attach_on(target, tree);
    return r < 0 ? error_errno(e, r, "cannot cover /%s", path) : 0;
}

static int mask(int root_fd, const char *path, int run_fd, struct error *e)
{
    _cleanup_fd_ int target = path_open_strict(root_fd, path, O_PATH);
    struct stat st;

    if (target == -ENOENT)
        return 0;
    if (target < 0 || fstat(target, &st) < 0)
        return error_errno(e, target < 0 ? target : -errno, "cannot open /%s", path);
    return cover(root_fd, path, run_fd,
                 S_ISDIR(st.st_mode) ? "host/inaccessible/dir" : "host/inaccessible/reg", e);
}

int api_mounts_protect(const struct container_plan *plan, int root_fd, int run_fd, struct error *e)
{
    _cleanup_fd_ int net = -1;
    int r = 0;

    /* With a network namespace of its own the network's settings are its own too. */
    if (plan->private_network) {
        _cleanup_fd_ int place = path_open_strict(root_fd, "proc/sys/net", O_PATH);

        net = place < 0 ? place : attach_clone(place, false);
    }
    for (size_t i = 0; r == 0 && i < sizeof proc_read_only / sizeof proc_read_only[0]; i++)
        r = attach_read_only(root_fd, proc_read_only[i], e);
    if (r == 0)
        r = cover(root_fd, "proc/sys/kernel/random/boot_id", run_fd, "host/boot-id", e);
    for (size_t i = 0; r == 0 && i < sizeof proc_masked / sizeof proc_masked[0]; i++)
        r = mask(root_fd, proc_masked[i], run_fd, e);
    if (r == 0 && plan->cmdline)
        r = cover(root_fd, "proc/cmdline", run_fd, "host/cmdline", e);
    if (r == 0 && net >= 0)
        r = attach_at(root_fd, "proc/sys/net", net, e);
    return r;
}
