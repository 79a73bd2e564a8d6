/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/cgroup.h"

#include "base/fd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH_MAX 64   /* of cgroups that a payload made in its own */
#define REMOVE_MS 2000 /* killed processes that are stuck in the kernel for longer are left */

int cgroup_path(enum hierarchy h, const char *name, char *ret, size_t size)
{
    char current[512], path[700];
    int r = hierarchy_current(h, current, sizeof current);

    if (r == -ENOENT && h == HIERARCHY_SYSTEMD)
        current[0] = '\0';
    else if (r < 0)
        return r;
    snprintf(path, sizeof path, "%s%s/unbrick-%s-%d", hierarchy_prefix(h), current, name,
             (int)getpid());
    return (size_t)snprintf(ret, size, "%s", path) < size ? 0 : -ENAMETOOLONG;
}

/* The directory of @path below @root, made when it is missing. */
static int make_group(int root, const char *path)
{
    char relative[512];

    snprintf(relative, sizeof relative, ".%s", path);
    if (mkdirat(root, relative, 0755) < 0 && errno != EEXIST)
        return -errno;
    root = openat(root, relative, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return root < 0 ? -errno : root;
}

int cgroup_make(struct cgroup *ret, const char *path, struct error *e)
{
    _cleanup_fd_ int root = hierarchy_open(HIERARCHY_UNIFIED, path), outer = -1, inner = -1;

    *ret = (struct cgroup){.fd = -1, .payload_fd = -1};
    if (root < 0)
        return error_errno(e, root, "cannot reach the cgroup2 hierarchy");
    outer = make_group(root, path);
    if (outer < 0)
        return error_errno(e, outer, "cannot make the cgroup %s", path);
    snprintf(ret->path, sizeof ret->path, "%s", path);
    inner = make_group(outer, "/payload");
    if (inner < 0) {
        (void)error_errno(e, inner, "cannot make the cgroup %s/payload", path);
        cgroup_free(ret);
        return inner;
    }
    ret->fd = take_fd(&outer);
    ret->payload_fd = take_fd(&inner);
    return 0;
}

int cgroup_make_old(const char *group, struct error *e)
{
    const char *path;
    enum hierarchy h = hierarchy_of(group, &path);
    _cleanup_fd_ int root = hierarchy_open(h, path);
    int fd = root < 0 ? root : make_group(root, path);

    return fd < 0 ? error_errno(e, fd, "cannot make the cgroup %s", group) : fd;
}

int cgroup_write(int fd, const char *name, const char *text)
{
    _cleanup_fd_ int file = openat(fd, name, O_WRONLY | O_CLOEXEC);

    return file < 0 ? -errno : fd_write_all(file, text, strlen(text));
}

int cgroup_join_old(int fd)
{
    return cgroup_write(fd, "cgroup.procs", "0"); /* the writer */
}

int cgroup_delegate(int fd, uid_t uid, struct error *e)
{
    static const char *const files[] = {".", "cgroup.procs", "cgroup.threads",
                                        "cgroup.subtree_control", "tasks"};

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        if (fchownat(fd, files[i], uid, uid, 0) < 0 && errno != ENOENT)
            return error_errno(e, -errno, "cannot hand a cgroup over");
    return 0;
}

void cgroup_free(struct cgroup *c)
{
    if (!c->path[0])
        return;
    c->fd = fd_close(c->fd);
    c->payload_fd = fd_close(c->payload_fd);
    (void)cgroup_remove_tree(c->path, NULL);
    c->path[0] = '\0';
}

/* cgroup.kill reaches everything below, and what forks meanwhile (kernel 5.14). In an old hierarchy
 * there is none; the stub's death has reached everything there. */
static void kill_all(int cgroup)
{
    (void)cgroup_write(cgroup, "cgroup.kill", "1");
}

/* Remove what is below @fd, depth first. 0 or the errno of what stayed. */
static int remove_children(int fd, unsigned depth)
{
    int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), failed = 0;
    DIR *dir = copy >= 0 ? fdopendir(copy) : NULL;
    struct dirent *entry;

    if (!dir) {
        fd_close(copy);
        return -errno;
    }
    while (depth && (entry = readdir(dir))) {
        _cleanup_fd_ int child = -1;

        if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
            continue;
        child = openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (child >= 0)
            (void)remove_children(child, depth - 1);
        if (unlinkat(fd, entry->d_name, AT_REMOVEDIR) < 0 && errno != ENOENT)
            failed = -errno;
    }
    closedir(dir);
    return failed;
}

static int remove_tree(enum hierarchy h, const char *group, const char *path, struct error *e)
{
    _cleanup_fd_ int root = hierarchy_open(h, path), fd = -1;
    char relative[512];
    int r = 0;

    if (root < 0)
        return error_errno(e, root, "cannot reach the hierarchy of the cgroup %s", group);
    snprintf(relative, sizeof relative, ".%s", path);
    fd = openat(root, relative, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? 0 : error_errno(e, -errno, "cannot open the cgroup %s", group);
    /* Mostly there is the payload's group in it and no other: nobody has to look. */
    (void)unlinkat(fd, "payload", AT_REMOVEDIR);
    if (unlinkat(root, relative, AT_REMOVEDIR) == 0)
        return 0;
    /* Killed processes leave a moment later; EBUSY until then. */
    for (unsigned waited = 0;; waited += waited < 20 ? 1 : 20) {
        r = remove_children(fd, DEPTH_MAX);
        if (r == 0 && unlinkat(root, relative, AT_REMOVEDIR) == 0)
            return 0;
        if (r == 0)
            r = -errno;
        if (r == -ENOENT)
            return 0;
        if (r != -EBUSY || waited >= REMOVE_MS)
            return error_errno(e, r, "cannot remove the cgroup %s", group);
        if (waited == 0)
            kill_all(fd);
        (void)poll(NULL, 0, waited < 20 ? 1 : 20);
    }
}

int cgroup_remove_tree(const char *group, struct error *e)
{
    const char *path;
    enum hierarchy h = hierarchy_of(group, &path);
    int r = remove_tree(h, group, path, e);

    if (r == 0)
        hierarchy_retire(h);
    return r;
}

void cgroup_await_end(const char *path)
{
    _cleanup_fd_ int root = hierarchy_open(HIERARCHY_UNIFIED, path);
    char relative[512];

    snprintf(relative, sizeof relative, ".%s", path);
    for (unsigned waited = 0;
         root >= 0 && waited < REMOVE_MS && faccessat(root, relative, F_OK, 0) == 0; waited++)
        (void)poll(NULL, 0, 1);
}
