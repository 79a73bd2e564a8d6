/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/rescue_host_tools.h"

#include "base/fd.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

/* Links on a host with merged /usr, directories elsewhere. */
static const char *const host_directories[] = {"usr",   "bin",    "sbin", "lib", "lib32",
                                               "lib64", "libx32", "etc",  "opt"};

static const char *const own_directories[] = {"proc", "sys",  "dev",     "run",
                                              "tmp",  "root", "sysroot", "var"};

static int copy_shape(int root, const char *name)
{
    char path[64], link[PATH_MAX];
    struct stat st;
    ssize_t n;

    snprintf(path, sizeof path, "/%s", name);
    if (lstat(path, &st) < 0)
        return 0;
    if (S_ISDIR(st.st_mode))
        return mkdirat(root, name, 0755) < 0 ? -errno : 0;
    if (!S_ISLNK(st.st_mode))
        return 0;
    n = readlink(path, link, sizeof link - 1);
    if (n < 0)
        return -errno;
    link[n] = '\0';
    return symlinkat(link, root, name) < 0 ? -errno : 0;
}

int rescue_make_host_tools(const struct patient *p, int *ret_root_fd, struct error *e)
{
    _cleanup_fd_ int root = -1, patient = -1, point = -1;
    char path[160];
    int r = 0;

    /* Beside the patient's tree, on the session's own tmpfs. */
    snprintf(path, sizeof path, "%.*s/tools", (int)(strrchr(p->tree, '/') - p->tree), p->tree);
    if (mkdir(path, 0755) < 0 || mount("tmpfs", path, "tmpfs", MS_NODEV, "mode=0755,size=16m") < 0)
        return error_errno(e, -errno, "cannot make a root for the host's tools");
    root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        return error_errno(e, -errno, "cannot open %s", path);
    for (size_t i = 0; r == 0 && i < sizeof host_directories / sizeof host_directories[0]; i++)
        r = copy_shape(root, host_directories[i]);
    for (size_t i = 0; r == 0 && i < sizeof own_directories / sizeof own_directories[0]; i++)
        if (mkdirat(root, own_directories[i], 0755) < 0)
            r = -errno;
    if (r < 0)
        return error_errno(e, r, "cannot make a root for the host's tools");
    patient = open_tree(p->root_fd, "",
                        AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
    point = openat(root, "sysroot", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (patient < 0 || point < 0 ||
        move_mount(patient, "", point, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
        return error_errno(e, -errno, "cannot put the patient at /sysroot");
    *ret_root_fd = take_fd(&root);
    return 0;
}

int rescue_add_host_tools(struct container_plan *plan)
{
    for (size_t i = 0; i < sizeof host_directories / sizeof host_directories[0]; i++) {
        char path[64];
        struct stat st;
        int r;

        snprintf(path, sizeof path, "/%s", host_directories[i]);
        if (lstat(path, &st) < 0 || !S_ISDIR(st.st_mode))
            continue;
        r = container_plan_add_mount(plan, &(struct container_mount){.kind = MOUNT_BIND,
                                                                     .source = path,
                                                                     .source_fd = -1,
                                                                     .target = path,
                                                                     .read_only = true,
                                                                     .recursive = true});
        if (r < 0)
            return r;
    }
    return 0;
}
