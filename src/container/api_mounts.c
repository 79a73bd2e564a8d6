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

enum row_flags {
    OPTIONAL = 1 << 0,  /* passed over where the place or the kernel's file system is not there */
    OF_CGROUP = 1 << 1, /* a clone of the container's own, when there is one */
    OF_TMP = 1 << 2,    /* not when the plan wants the tree's own */
    OF_LEGACY = 1 << 3, /* only with CGROUPS_LEGACY, in place of OF_CGROUP */
    SEALED = 1 << 4,    /* read-only when all is mounted */
};

/*
 * In this order. A directory is made only below a mount of ours (.make): the patient's tree gets
 * none.
 */
static const struct {
    const char *path, *type, *options;
    uint64_t attributes;
    mode_t make;
    unsigned flags;
    enum keep keep;
} table[] = {
    {"dev", "tmpfs", "mode=0755,size=4m", NOSUID | NOEXEC, 0, 0, KEEP_DEV},
    {"dev/pts", "devpts", "ptmxmode=0666,mode=0620,gid=5", NOSUID | NOEXEC, 0755, 0, KEEP_PTS},
    {"dev/shm", "tmpfs", "mode=1777", NOSUID | NODEV, 01777, 0, KEEP_NOTHING},
    {"dev/mqueue", "mqueue", NULL, NOSUID | NODEV | NOEXEC, 0755, OPTIONAL, KEEP_NOTHING},
    {"proc", "proc", NULL, NOSUID | NODEV | NOEXEC, 0, 0, KEEP_NOTHING},
    /* Read-only: that is how systemd and udev see that devices are not theirs to manage. */
    {"sys", "sysfs", NULL, NOSUID | NODEV | NOEXEC | RDONLY, 0, 0, KEEP_NOTHING},
    /* Whole and alone: the root of the container's own cgroup namespace. */
    {"sys/fs/cgroup", "cgroup2", NULL, NOSUID | NODEV | NOEXEC, 0, OPTIONAL | OF_CGROUP,
     KEEP_NOTHING},
    {"sys/fs/cgroup", "tmpfs", "mode=0755,size=1m", NOSUID | NODEV | NOEXEC, 0, OF_LEGACY | SEALED,
     KEEP_NOTHING},
    {"sys/fs/cgroup/systemd", "cgroup", "none,name=systemd,xattr", NOSUID | NODEV | NOEXEC, 0755,
     OF_LEGACY, KEEP_NOTHING},
    {"run", "tmpfs", "mode=0755,size=20%", NOSUID | NODEV, 0, 0, KEEP_RUN},
    {"tmp", "tmpfs", "mode=1777,size=50%", NOSUID | NODEV, 0, OPTIONAL | OF_TMP, KEEP_NOTHING},
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

_Static_assert(sizeof table / sizeof table[0] == API_MOUNTS, "a descriptor for each row");

static bool is_wanted(const struct container_plan *plan, unsigned flags)
{
    bool legacy = plan->cgroups == CGROUPS_LEGACY;

    return !((flags & OF_TMP) && plan->tmp_of_tree) && !((flags & OF_CGROUP) && legacy) &&
           !((flags & OF_LEGACY) && !legacy);
}

/* An optional one: there is no place for it, or this kernel does not know it. Version 2 of cgroups
 * may be refused in somebody else's container. */
static bool may_be_missing(unsigned i, int error)
{
    return (table[i].flags & OPTIONAL) && (error == -ENOENT || error == -ENODEV ||
                                           (error == -EPERM && (table[i].flags & OF_CGROUP)));
}

/* The files that are made here; those of the others are the kernel's, and have its labels. */
static const char *label_of(const struct container_plan *plan, unsigned i)
{
    return strcmp(table[i].type, "tmpfs") == 0 || strcmp(table[i].type, "devpts") == 0
               ? plan->label_of_files
               : NULL;
}

int api_mounts_open(const struct container_plan *plan, int cgroup_tree, int ret[API_MOUNTS],
                    struct error *e)
{
    const uint64_t cleared = plan->api == API_WRITABLE ? RDONLY : 0;

    for (unsigned i = 0; i < API_MOUNTS; i++) {
        struct error own = {0};

        ret[i] = -1;
        if (!is_wanted(plan, table[i].flags))
            continue;
        if ((table[i].flags & OF_CGROUP) && cgroup_tree >= 0)
            ret[i] = fcntl(cgroup_tree, F_DUPFD_CLOEXEC, 3);
        else
            ret[i] = attach_new(table[i].type, table[i].options, label_of(plan, i),
                                table[i].attributes & ~cleared, &own);
        if (ret[i] >= 0 || may_be_missing(i, ret[i]))
            continue;
        if (e)
            *e = own;
        return error_context(e, ret[i], "/%s", table[i].path);
    }
    return 0;
}

static int attach_one(unsigned i, int root_fd, int tree, struct error *e)
{
    _cleanup_fd_ int point = -1;
    int r;

    if (tree < 0)
        return 0;
    /* Below a tmpfs of ours that is mounted already: no link of the patient is on the way. */
    if (table[i].make && mkdirat(root_fd, table[i].path, table[i].make) < 0)
        return error_errno(e, -errno, "cannot make /%s", table[i].path);
    point = open_point(root_fd, table[i].path);
    r = point < 0 ? point : attach_on(point, tree);
    return r < 0 && !may_be_missing(i, r) ? error_errno(e, r, "cannot mount on /%s", table[i].path)
                                          : 0;
}

int api_mounts_attach(int root_fd, const int trees[API_MOUNTS], int *ret_dev, int *ret_pts,
                      int *ret_run, struct error *e)
{
    int *kept[KEEP_COUNT] = {NULL, ret_dev, ret_pts, ret_run};

    for (unsigned i = 0; i < API_MOUNTS; i++) {
        int r = attach_one(i, root_fd, trees[i], e);

        if (r < 0)
            return r;
        if (table[i].keep)
            *kept[table[i].keep] = trees[i];
    }
    for (unsigned i = 0; i < API_MOUNTS; i++) {
        struct mount_attr attr = {.attr_set = RDONLY};

        if ((table[i].flags & SEALED) && trees[i] >= 0 &&
            mount_setattr(trees[i], "", AT_EMPTY_PATH, &attr, sizeof attr) < 0)
            return error_errno(e, -errno, "cannot make /%s read-only", table[i].path);
    }
    return 0;
}

/* Lay @from, a file or directory of ours below the read-only /run/host, over @path. Nothing there:
 * nothing to cover. */
static int cover(int root_fd, const char *path, int from, struct error *e)
{
    _cleanup_fd_ int target = path_open_strict(root_fd, path, O_PATH);
    int r = target == -ENOENT ? 0 : target < 0 ? target : attach_bind(from, target);

    return r < 0 ? error_errno(e, r, "cannot cover /%s", path) : 0;
}

static int cover_with(int root_fd, const char *path, const char *source, struct error *e)
{
    _cleanup_fd_ int from = path_open_strict(root_fd, source, O_PATH);

    return from < 0 ? error_errno(e, from, "cannot open /%s", source)
                    : cover(root_fd, path, from, e);
}

/* All of them are files, except in kernels that we do not know yet. */
static int mask_all(int root_fd, struct error *e)
{
    _cleanup_fd_ int file = path_open_strict(root_fd, "run/host/inaccessible/reg", O_PATH);
    _cleanup_fd_ int dir = path_open_strict(root_fd, "run/host/inaccessible/dir", O_PATH);
    int r = 0;

    for (size_t i = 0; r == 0 && i < sizeof proc_masked / sizeof proc_masked[0]; i++) {
        r = cover(root_fd, proc_masked[i], file, NULL);
        if (r == -ENOTDIR)
            r = cover(root_fd, proc_masked[i], dir, NULL);
        if (r < 0)
            return error_errno(e, r, "cannot cover /%s", proc_masked[i]);
    }
    return 0;
}

int api_mounts_protect(const struct container_plan *plan, int root_fd, struct error *e)
{
    _cleanup_fd_ int net = -1;
    int r = attach_read_only(root_fd, "run/host", e);

    if (plan->api == API_WRITABLE)
        return r;
    /* With a network namespace of its own the network's settings are its own too. */
    if (container_plan_has_own_network(plan) || plan->api == API_NETWORK) {
        _cleanup_fd_ int place = path_open_strict(root_fd, "proc/sys/net", O_PATH);

        net = place < 0 ? place : attach_clone(place, 0, false);
    }
    for (size_t i = 0; r == 0 && i < sizeof proc_read_only / sizeof proc_read_only[0]; i++)
        r = attach_read_only(root_fd, proc_read_only[i], e);
    if (r == 0)
        r = mask_all(root_fd, e);
    if (r == 0)
        r = cover_with(root_fd, "proc/sys/kernel/random/boot_id", "run/host/boot-id", e);
    if (r == 0 && plan->cmdline)
        r = cover_with(root_fd, "proc/cmdline", "run/host/cmdline", e);
    if (r == 0 && net >= 0)
        r = attach_at(root_fd, "proc/sys/net", net, e);
    return r;
}
