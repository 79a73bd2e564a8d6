/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/run.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "container/below.h"
#include "container/random_uuid.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static int make_file(int run_fd, const struct container_file *f)
{
    const char *name;
    _cleanup_fd_ int parent = -1;
    mode_t permission = f->mode & 07777;

    if (S_ISREG(f->mode))
        return below_write(run_fd, f->path, permission, f->content, f->size);
    parent = below_parent(run_fd, f->path, &name);
    if (parent < 0)
        return parent;
    if (S_ISLNK(f->mode))
        return symlinkat(f->content, parent, name) < 0 ? -errno : 0;
    if (S_ISFIFO(f->mode))
        return mkfifoat(parent, name, permission) < 0 ? -errno : 0;
    if (mkdirat(parent, name, permission) < 0 && errno != EEXIST)
        return -errno;
    return fchmodat(parent, name, permission, 0) < 0 ? -errno : 0; /* it may have been a parent */
}

static const unsigned char command_init[] = {
#include "command_init_bytes.h" /* made at build time */
};

/* What the kernel gives once a boot; every container gets its own (systemd keys its state to it).
 */
static int write_boot_id(int host_fd)
{
    char text[40];
    int r = random_uuid(text);

    if (r < 0)
        return r;
    text[36] = '\n';
    return below_write(host_fd, "boot-id", 0444, text, 37);
}

static int write_text(int host_fd, const char *name, const char *content)
{
    return below_write(host_fd, name, 0444, content, strlen(content));
}

/* Laid over what is not to be seen: by us over parts of /proc, by systemd over what a service may
 * not see (https://systemd.io/CONTAINER_INTERFACE, "/run/host/inaccessible"). */
static int make_inaccessible(const struct container_plan *plan, int host_fd)
{
    static const struct {
        const char *path;
        mode_t type;
    } nodes[] = {{"inaccessible/reg", S_IFREG},
                 {"inaccessible/fifo", S_IFIFO},
                 {"inaccessible/sock", S_IFSOCK},
                 {"inaccessible/chr", S_IFCHR},
                 {"inaccessible/blk", S_IFBLK}};

    if (mkdirat(host_fd, "inaccessible", 0755) < 0 || mkdirat(host_fd, "inaccessible/dir", 0) < 0)
        return -errno;
    for (size_t i = 0; i < sizeof nodes / sizeof nodes[0]; i++)
        if (mknodat(host_fd, nodes[i].path, nodes[i].type, 0) < 0 &&
            !(plan->untrusted && errno == EPERM)) /* devices: not in a user namespace (mknod(2)) */
            return -errno;
    return 0;
}

/* https://systemd.io/CONTAINER_INTERFACE, "/run/host". */
static int fill_host(const struct container_plan *plan, int host_fd, const char *host_os_release)
{
    char uuid[40];
    int r;

    snprintf(uuid, sizeof uuid, "%s\n", plan->uuid);
    r = write_text(host_fd, "container-manager", "unbrick\n");
    if (r == 0)
        r = write_text(host_fd, "container-uuid", uuid);
    if (r == 0 && host_os_release)
        r = write_text(host_fd, "os-release", host_os_release);
    if (r == 0 && plan->cmdline)
        r = write_text(host_fd, "cmdline", plan->cmdline);
    if (r == 0)
        r = write_boot_id(host_fd);
    if (r == 0 && plan->payload == PAYLOAD_COMMAND)
        r = below_write(host_fd, strrchr(RUN_COMMAND_INIT, '/') + 1, 0555, command_init,
                        sizeof command_init);
    if (r == 0 && plan->credential_count && mkdirat(host_fd, "credentials", 0700) < 0)
        r = -errno;
    return r < 0 ? r : make_inaccessible(plan, host_fd);
}

int run_fill(const struct container_plan *plan, int run_fd, const char *host_os_release,
             struct error *e)
{
    const char *name;
    _cleanup_fd_ int host_fd = below_parent(run_fd, "host/.", &name);
    int r = host_fd < 0 ? host_fd : fill_host(plan, host_fd, host_os_release);

    if (r < 0)
        return error_errno(e, r, "cannot fill /run/host");
    for (unsigned i = 0; i < plan->file_count; i++) {
        r = make_file(run_fd, &plan->files[i]);
        if (r < 0)
            return error_errno(e, r, "cannot make /run/%s", text_safe(plan->files[i].path));
    }
    return 0;
}

int run_open(int run_fd, const char *path, mode_t type, int flags)
{
    char proc[32];
    _cleanup_fd_ int place = path_open_strict(run_fd, path, 0);
    struct stat st;
    int fd;

    if (place < 0)
        return place;
    if (fstat(place, &st) < 0)
        return -errno;
    if ((st.st_mode & S_IFMT) != type)
        return -EINVAL;
    fd = open(fd_path(place, proc), flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    return fd < 0 ? -errno : fd;
}
