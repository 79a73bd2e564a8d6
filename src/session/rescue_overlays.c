/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/rescue_overlays.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define RESOLV_CONF_MAX 65536

static int bind_over(struct container_plan *plan, const char *source, const char *target)
{
    return container_plan_add_mount(plan, &(struct container_mount){.kind = MOUNT_BIND,
                                                                    .source = (char *)source,
                                                                    .source_fd = -1,
                                                                    .target = (char *)target,
                                                                    .read_only = true,
                                                                    .optional = true});
}

static int add_machine_id(struct container_plan *plan, const struct patient *p,
                          const char *session_dir)
{
    _cleanup_fd_ int fd = -1;
    char path[128], id[40];
    size_t used = 0;
    int r;

    if (p->system.machine_id[0] || p->system.init != INIT_SYSTEMD)
        return 0;
    if (!p->system.machine_id_file) {
        /* Nothing to lay a file over: for as long as systemd starts, /etc is read-only, so that
         * it can neither write an id nor preset units. The session lifts that at the prompt. */
        return 0;
    }
    for (const char *c = plan->uuid; *c && used + 2 < sizeof id; c++)
        if (*c != '-')
            id[used++] = *c;
    id[used++] = '\n';
    snprintf(path, sizeof path, "%s/machine-id", session_dir);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0444);
    r = fd < 0 ? -errno : fd_write_all(fd, id, used);
    return r < 0 ? r : bind_over(plan, path, "/etc/machine-id");
}

/* A link as resolved and resolvconf make it leads into /run, which is our tmpfs: the file is put
 * where the link points. A plain file is covered by a bind mount. */
int rescue_add_resolv_conf(struct container_plan *plan, int root_fd, const char *source)
{
    _cleanup_fd_ int fd = -1;
    _cleanup_free_ char *data = NULL;
    char link[PATH_MAX];
    const char *below;
    ssize_t n;

    if (root_fd < 0 || file_read(source, RESOLV_CONF_MAX, &data, NULL) < 0)
        return 0;
    fd = path_open(root_fd, "/etc/resolv.conf", O_PATH | O_NOFOLLOW);
    if (fd < 0)
        return 0;
    n = readlinkat(fd, "", link, sizeof link - 1);
    if (n < 0)
        return bind_over(plan, source, "/etc/resolv.conf");
    link[n] = '\0';
    below = text_starts_with(link, "/run/")       ? link + 5
            : text_starts_with(link, "../run/")   ? link + 7
            : text_starts_with(link, "/var/run/") ? link + 9
                                                  : NULL;
    if (!below || strstr(below, "..") || !below[0] || below[strlen(below) - 1] == '/')
        return 0;
    return container_plan_add_file(plan, below, S_IFREG | 0644, data);
}

int rescue_add_overlays(struct container_plan *plan, const struct patient *p,
                        const char *session_dir)
{
    int r = add_machine_id(plan, p, session_dir);

    /* By this file ostree(1) and rpm-ostree(1) know that they are in a deployment
     * (ostree-prepare-root(1)). */
    if (r == 0 && p->root && p->root->place.deployment[0])
        r = container_plan_add_file(plan, "ostree-booted", S_IFREG | 0644, "");
    if (r == 0 && !plan->private_network)
        r = rescue_add_resolv_conf(plan, p->root_fd, "/etc/resolv.conf");
    return r;
}
