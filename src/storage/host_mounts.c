/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/host_mounts.h"

#include "base/fd.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

/* A container host can have thousands of mounts; a line is at most a few paths long. */
#define MOUNTINFO_MAX ((size_t)16 << 20)

/* Mounts at or below these stay: what our tools run from and what we look at. */
static const char *const needed[] = {
    "/dev", "/proc", "/sys", "/run/unbrick",     "/usr", "/bin", "/sbin", "/lib", "/lib64",
    "/etc", "/nix",  "/gnu", "/var/lib/unbrick",
};

/* Mounts exactly here stay, but nothing that hangs below them. */
static const char *const needed_exactly[] = {"/", "/run", "/var", "/var/lib", "/tmp"};

int host_mounts_leave(int *ret_host_fd, struct error *e)
{
    _cleanup_fd_ int host = -1;

    host = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
    if (host < 0)
        return error_set(e, ERROR_HOST, -errno, "no-proc", "cannot open /proc/self/ns/mnt: %s",
                         strerror(errno));
    if (unshare(CLONE_NEWNS) < 0)
        return error_set(e, ERROR_HOST, -errno, "no-mount-namespace",
                         "cannot make a mount namespace: %s", strerror(errno));
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return error_errno(e, -errno, "cannot make the mount namespace private");
    if (ret_host_fd)
        *ret_host_fd = take_fd(&host);
    return 0;
}

static bool is_at_or_below(const char *path, const char *dir)
{
    size_t n = strlen(dir);

    return strncmp(path, dir, n) == 0 && (path[n] == '\0' || path[n] == '/');
}

static bool is_needed(const char *path)
{
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
        if (is_at_or_below(path, needed[i]))
            return true;
    for (size_t i = 0; i < sizeof needed_exactly / sizeof needed_exactly[0]; i++)
        if (strcmp(path, needed_exactly[i]) == 0)
            return true;
    return false;
}

/* The mount point is the fifth field. NULL when the line is odd. */
static char *mount_point_of(char *line)
{
    char *field = line, *end;

    for (int i = 0; i < 4; i++) {
        field = strchr(field, ' ');
        if (!field)
            return NULL;
        field++;
    }
    end = strchr(field, ' ');
    if (!end)
        return NULL;
    *end = '\0';
    text_decode_octal(field);
    return field;
}

/* Call @each with every mount point of this namespace, last mounted first. */
static int for_each_mount(int (*each)(void *userdata, const char *path), void *userdata)
{
    _cleanup_free_ char *data = NULL;
    size_t size;
    int r, failed = 0;

    r = file_read("/proc/self/mountinfo", MOUNTINFO_MAX, &data, &size);
    if (r < 0)
        return r;
    while (size > 0) {
        char *line, *point;

        if (data[size - 1] == '\n')
            data[--size] = '\0';
        line = memrchr(data, '\n', size);
        line = line ? line + 1 : data;
        size = (size_t)(line - data);
        point = mount_point_of(line);
        if (point) {
            r = each(userdata, point);
            if (r < 0 && !failed)
                failed = r;
        }
    }
    return failed;
}

static int detach_unneeded(void *userdata, const char *path)
{
    (void)userdata;
    if (!is_needed(path))
        (void)umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW);
    return 0;
}

void host_mounts_detach_unneeded(void)
{
    (void)for_each_mount(detach_unneeded, NULL);
}

struct umount_request {
    const char *path;
    struct error *e;
    unsigned unmounted;
};

static int umount_below(void *userdata, const char *path)
{
    struct umount_request *request = userdata;

    if (!is_at_or_below(path, request->path))
        return 0;
    if (umount2(path, UMOUNT_NOFOLLOW) == 0) {
        request->unmounted++;
        return 0;
    }
    if (errno == EINVAL || errno == ENOENT)
        return 0;
    return error_set(request->e, ERROR_FAILED, -errno, "busy", "cannot unmount %s: %s",
                     text_safe(path), strerror(errno));
}

static int sync_below(void *userdata, const char *path)
{
    _cleanup_fd_ int fd = -1;

    if (!is_at_or_below(path, userdata))
        return 0;
    fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    /* What cannot be opened has something else mounted over it, and is met there. */
    return fd >= 0 && syncfs(fd) < 0 ? -errno : 0;
}

int host_sync_tree(const char *path)
{
    return for_each_mount(sync_below, (void *)path);
}

int host_umount_tree(const char *path, struct error *e)
{
    struct umount_request request = {.path = path, .e = e};
    unsigned before;
    int r;

    /* Mounts are listed in the order in which they were made, not attached: a tree that was cloned
     * before the mount that it was moved onto stands above it. Hence again while that helps. */
    do {
        before = request.unmounted;
        r = for_each_mount(umount_below, &request);
    } while (r == -EBUSY && request.unmounted > before);
    if (r == 0)
        error_clear(e);
    return r;
}
