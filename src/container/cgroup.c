/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/cgroup.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>

#define DEPTH_MAX 64   /* of cgroups that a payload made in its own */
#define REMOVE_MS 2000 /* killed processes that are stuck in the kernel for longer are left */

/* Where hosts have it mounted: alone, or beside the old hierarchies (hybrid). */
static const char *const usual_places[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};

/* A mount of our own, seen by nobody. The kernel takes milliseconds for it. */
static int hierarchy_mount(void)
{
    _cleanup_fd_ int fs = fsopen("cgroup2", FSOPEN_CLOEXEC);
    int fd;

    if (fs < 0 || fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
        return -errno;
    fd = fsmount(fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
    return fd < 0 ? -errno : fd;
}

/* The directory above @path as "./a/b". */
static void parent_of(const char *path, char *ret, size_t size)
{
    snprintf(ret, size, ".%.*s", (int)(strrchr(path, '/') - path), path);
}

/* The root of the hierarchy in which @path is, or is going to be: the host's mount where it shows
 * the directory above it (in somebody else's container it may show only a part), else one of ours.
 */
static int hierarchy_open(const char *path)
{
    char parent[512];

    parent_of(path, parent, sizeof parent);
    for (size_t i = 0; i < sizeof usual_places / sizeof usual_places[0]; i++) {
        _cleanup_fd_ int fd = open(usual_places[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
        struct statfs fs;

        if (fd >= 0 && fstatfs(fd, &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC &&
            !(fs.f_flags & ST_RDONLY) && faccessat(fd, parent, F_OK, 0) == 0)
            return take_fd(&fd);
    }
    return hierarchy_mount();
}

/* The line "0::/path" of /proc/self/cgroup (cgroups(7)). */
static int current_cgroup(char *ret, size_t size)
{
    _cleanup_free_ char *data = NULL;
    char *line;
    int r = file_read("/proc/self/cgroup", 65536, &data, NULL);

    if (r < 0)
        return r;
    line = text_starts_with(data, "0::") ? data : strstr(data, "\n0::");
    if (!line)
        return -ENOENT;
    line = strchr(line, '/');
    if (!line)
        return -ENOENT;
    line[strcspn(line, "\n")] = '\0';
    if (strcmp(line, "/") == 0)
        line = (char *)"";
    return (size_t)snprintf(ret, size, "%s", line) < size ? 0 : -ENAMETOOLONG;
}

int cgroup_path(const char *name, char *ret, size_t size)
{
    char current[512], path[700];
    int r = current_cgroup(current, sizeof current);

    if (r < 0)
        return r;
    snprintf(path, sizeof path, "%s/unbrick-%s-%d", current, name, (int)getpid());
    return (size_t)snprintf(ret, size, "%s", path) < size ? 0 : -ENAMETOOLONG;
}

int cgroup_make(struct cgroup *ret, const char *path, struct error *e)
{
    _cleanup_fd_ int root = hierarchy_open(path), parent = -1, outer = -1, inner = -1;
    const char *name = strrchr(path, '/') + 1;
    char above[512];

    *ret = (struct cgroup){.fd = -1, .payload_fd = -1};
    if (root < 0)
        return error_errno(e, root, "cannot reach the cgroup2 hierarchy");
    parent_of(path, above, sizeof above);
    parent = openat(root, above, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (parent < 0 || (mkdirat(parent, name, 0755) < 0 && errno != EEXIST))
        return error_errno(e, -errno, "cannot make the cgroup %s", path);
    snprintf(ret->path, sizeof ret->path, "%s", path);
    outer = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (outer < 0 || (mkdirat(outer, "payload", 0755) < 0 && errno != EEXIST)) {
        (void)error_errno(e, -errno, "cannot make the cgroup %s/payload", path);
        cgroup_free(ret);
        return -EIO;
    }
    inner = openat(outer, "payload", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (inner < 0) {
        (void)error_errno(e, -errno, "cannot open the cgroup %s/payload", path);
        cgroup_free(ret);
        return -EIO;
    }
    ret->fd = take_fd(&outer);
    ret->payload_fd = take_fd(&inner);
    return 0;
}

int cgroup_open(const char *path)
{
    _cleanup_fd_ int root = hierarchy_open(path);
    char relative[512];
    int fd;

    if (root < 0)
        return root;
    snprintf(relative, sizeof relative, ".%s", path);
    fd = openat(root, relative, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
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

/* cgroup.kill reaches everything below, and what forks meanwhile (kernel 5.14). */
static void kill_all(int cgroup)
{
    _cleanup_fd_ int fd = openat(cgroup, "cgroup.kill", O_WRONLY | O_CLOEXEC);

    if (fd >= 0)
        (void)fd_write_all(fd, "1", 1);
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

int cgroup_remove_tree(const char *path, struct error *e)
{
    _cleanup_fd_ int root = hierarchy_open(path), fd = -1;
    char relative[512];
    int r = 0;

    if (root < 0)
        return error_errno(e, root, "cannot reach the cgroup2 hierarchy");
    snprintf(relative, sizeof relative, ".%s", path);
    fd = openat(root, relative, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? 0 : error_errno(e, -errno, "cannot open the cgroup %s", path);
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
            return error_errno(e, r, "cannot remove the cgroup %s", path);
        if (waited == 0)
            kill_all(fd);
        (void)poll(NULL, 0, waited < 20 ? 1 : 20);
    }
}
