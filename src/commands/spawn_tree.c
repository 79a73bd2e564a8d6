/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/spawn_tree.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "session/rescue_overlays.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCALTIME   "/etc/localtime"
#define RESOLV_CONF "/etc/resolv.conf"
#define FILE_MAX    ((size_t)1 << 20)

/* A name of ours until the file is complete. */
#define TEMPORARY ".#unbrick"

static bool writes(const struct spawn_file *f)
{
    return f->mode == SPAWN_FILE_COPY || f->mode == SPAWN_FILE_REPLACE ||
           f->mode == SPAWN_FILE_LINK || f->mode == SPAWN_FILE_DELETE;
}

int spawn_tree_plan(const struct spawn_options *o, int root_fd, struct container_plan *plan,
                    struct error *e)
{
    const struct spawn_file *resolv = &o->resolv_conf;
    int r = 0;

    if ((writes(resolv) || writes(&o->timezone)) && (plan->read_only || plan->root_in_memory))
        return error_set(e, ERROR_USAGE, -EINVAL, "usage",
                         "--%s= with that mode writes to the disk, which another option forbids: "
                         "use one of off and bind",
                         writes(resolv) ? "resolv-conf" : "timezone");
    if (resolv->mode == SPAWN_FILE_BIND ||
        (resolv->mode == SPAWN_FILE_DEFAULT && !container_plan_has_own_network(plan)))
        r = rescue_add_resolv_conf(plan, root_fd, resolv->source ? resolv->source : RESOLV_CONF);
    if (r == 0 && o->timezone.mode == SPAWN_FILE_BIND)
        r = container_plan_add_mount(plan, &(struct container_mount){.kind = MOUNT_BIND,
                                                                     .source = (char *)LOCALTIME,
                                                                     .source_fd = -1,
                                                                     .target = (char *)LOCALTIME,
                                                                     .read_only = true,
                                                                     .optional = true});
    return r < 0 ? error_errno(e, r, "cannot plan the container") : 0;
}

/* The tree's /etc, whatever links lead there inside the tree. */
static int open_etc(int root_fd)
{
    return path_open(root_fd, "/etc", O_RDONLY | O_DIRECTORY);
}

/* A link of resolved's, say. */
static bool is_something_else(int etc, const char *name)
{
    struct stat st;

    return fstatat(etc, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISREG(st.st_mode);
}

static int write_file(int etc, const char *name, const char *source, struct error *e)
{
    _cleanup_free_ char *data = NULL;
    _cleanup_fd_ int fd = -1;
    size_t size;
    int r = file_read(source, FILE_MAX, &data, &size);

    if (r < 0)
        return error_errno(e, r, "cannot read %s", source);
    (void)unlinkat(etc, TEMPORARY, 0);
    fd = openat(etc, TEMPORARY, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    r = fd < 0 ? -errno : fd_write_all(fd, data, size);
    if (r == 0 && (fchmod(fd, 0644) < 0 || renameat(etc, TEMPORARY, etc, name) < 0))
        r = -errno;
    if (r < 0 && fd >= 0)
        (void)unlinkat(etc, TEMPORARY, 0);
    return r < 0 ? error_errno(e, r, "cannot write /etc/%s of the tree", name) : 0;
}

/* The host's zone, as its link tells it: "Europe/Berlin". */
static int host_zone(char *ret, size_t size)
{
    char link[PATH_MAX], *zone;
    ssize_t n = readlink(LOCALTIME, link, sizeof link - 1);

    if (n < 0)
        return -errno;
    link[n] = '\0';
    zone = strstr(link, "/zoneinfo/");
    if (!zone || strstr(zone, "..") || strlen(zone + 10) >= size)
        return -EINVAL;
    snprintf(ret, size, "%s", zone + 10);
    return 0;
}

static int link_zone(int root_fd, int etc, struct error *e)
{
    char zone[128], inside[192], target[200];
    int r = host_zone(zone, sizeof zone);

    if (r < 0)
        return error_errno(e, r, "cannot tell the host's time zone from " LOCALTIME);
    snprintf(inside, sizeof inside, "/usr/share/zoneinfo/%s", zone);
    r = path_exists(root_fd, inside);
    if (r <= 0)
        return error_errno(e, r < 0 ? r : -ENOENT, "the tree has no time zone %s", text_safe(zone));
    snprintf(target, sizeof target, "..%s", inside);
    (void)unlinkat(etc, TEMPORARY, 0);
    if (symlinkat(target, etc, TEMPORARY) < 0 || renameat(etc, TEMPORARY, etc, "localtime") < 0) {
        r = -errno;
        (void)unlinkat(etc, TEMPORARY, 0);
        return error_errno(e, r, "cannot link " LOCALTIME " of the tree");
    }
    return 0;
}

static int write_one(int root_fd, int etc, const struct spawn_file *f, const char *name,
                     const char *source, struct error *e)
{
    switch (f->mode) {
    case SPAWN_FILE_DEFAULT:
    case SPAWN_FILE_OFF:
    case SPAWN_FILE_BIND:
        return 0;
    case SPAWN_FILE_COPY:
        if (is_something_else(etc, name))
            return 0;
        return write_file(etc, name, source, e);
    case SPAWN_FILE_REPLACE:
        return write_file(etc, name, source, e);
    case SPAWN_FILE_LINK:
        return link_zone(root_fd, etc, e);
    case SPAWN_FILE_DELETE:
        break;
    }
    return unlinkat(etc, name, 0) < 0 && errno != ENOENT
               ? error_errno(e, -errno, "cannot delete /etc/%s of the tree", name)
               : 0;
}

int spawn_tree_write(const struct spawn_options *o, int root_fd, struct error *e)
{
    _cleanup_fd_ int etc = -1;
    int r;

    if (!writes(&o->resolv_conf) && !writes(&o->timezone))
        return 0;
    etc = open_etc(root_fd);
    if (etc < 0)
        return error_errno(e, etc, "cannot open /etc of the tree");
    r = write_one(root_fd, etc, &o->resolv_conf, "resolv.conf", o->resolv_conf.source, e);
    if (r == 0)
        r = write_one(root_fd, etc, &o->timezone, "localtime", LOCALTIME, e);
    return r;
}
