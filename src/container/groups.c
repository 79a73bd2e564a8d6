/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/groups.h"

#include "base/fd.h"
#include "base/step.h"
#include "container/attach.h"
#include "container/device_policy.h"
#include "container/user_namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

/* Note it, then remember it. */
static int announce(struct container *c, unsigned slot, const char *group,
                    const struct container_host *host, struct error *e)
{
    int r = host->record ? host->record(host->userdata, group) : 0;

    if (r < 0)
        return error_errno(e, r, "cannot note the cgroup %s", group);
    snprintf(c->cgroups[slot], sizeof c->cgroups[slot], "%s", group);
    return 0;
}

/* @group: what is ours of @path, and is removed. A host without cgroup2 in its kernel, or where it
 * cannot be written to: the container runs without one. */
static int make_unified(struct container *c, const struct container_plan *plan, const char *path,
                        const char *group, const struct container_host *host, struct groups *g,
                        struct error *e)
{
    int r = announce(c, HIERARCHY_UNIFIED, group, host, e);

    if (r < 0)
        return r;
    if (cgroup_make(&g->unified, path, NULL) < 0) {
        c->cgroups[HIERARCHY_UNIFIED][0] = '\0';
        return 0;
    }
    step_reached("container-cgroup");
    return plan->untrusted ? cgroup_delegate(g->unified.payload_fd, USER_FIRST, e) : 0;
}

static int make_own(struct container *c, const struct container_plan *plan,
                    const struct container_host *host, struct groups *g, struct error *e)
{
    char path[256];

    if (cgroup_path(HIERARCHY_UNIFIED, plan->name, path, sizeof path) < 0)
        return 0;
    return make_unified(c, plan, path, path, host, g, e);
}

/* A systemd that knows no other hierarchy does not start without this one. */
static int make_systemd(struct container *c, const struct container_plan *plan,
                        const struct container_host *host, struct groups *g, struct error *e)
{
    char group[256];
    int r = cgroup_path(HIERARCHY_SYSTEMD, plan->name, group, sizeof group);

    if (r == 0)
        r = announce(c, HIERARCHY_SYSTEMD, group, host, e);
    if (r < 0)
        return r;
    g->systemd_fd = cgroup_make_old(group, NULL);
    if (g->systemd_fd < 0)
        return error_set(e, ERROR_HOST, g->systemd_fd, "no-legacy-cgroups",
                         "this system needs the old hierarchy of cgroups, and the host's kernel "
                         "does not make one: %s",
                         strerror(-g->systemd_fd));
    return plan->untrusted ? cgroup_delegate(g->systemd_fd, USER_FIRST, e) : 0;
}

int groups_make(struct container *c, const struct container_plan *plan,
                const struct container_host *host, struct groups *ret, struct error *e)
{
    int r = host->adopt ? 0 : make_own(c, plan, host, ret, e);

    if (r == 0 && plan->cgroups == CGROUPS_LEGACY)
        r = make_systemd(c, plan, host, ret, e);
    return r;
}

int groups_adopt(struct container *c, const struct container_plan *plan,
                 const struct container_host *host, struct groups *g, struct error *e)
{
    char group[sizeof c->scope + 16];

    if (host->adopt(host->userdata, plan->name, c->stub_pid, c->scope, sizeof c->scope) < 0) {
        c->scope[0] = '\0';
        return make_own(c, plan, host, g, e);
    }
    /* The scope itself is the service manager's, which takes it away when nothing is in it. */
    snprintf(group, sizeof group, "%s/payload", c->scope);
    return make_unified(c, plan, c->scope, group, host, g, e);
}

/* A hierarchy that is a mount of our own can be cloned since Linux 6.15 only. */
int groups_tree(const struct groups *g)
{
    int tree = g->unified.payload_fd >= 0
                   ? attach_clone(g->unified.payload_fd,
                                  MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, false)
                   : -1;

    return tree < 0 ? -1 : tree;
}

bool groups_policy(struct container *c, const struct container_plan *plan, const struct groups *g)
{
    c->device_policy = g->unified.fd >= 0 && device_policy_attach(plan, g->unified.fd, NULL) == 0;
    return c->device_policy;
}

void groups_policy_old(struct container *c, const struct container_plan *plan,
                       const struct container_host *host)
{
    _cleanup_fd_ int fd = -1;
    char group[256], pid[16];

    if (cgroup_path(HIERARCHY_DEVICES, plan->name, group, sizeof group) < 0 ||
        announce(c, HIERARCHY_DEVICES, group, host, NULL) < 0)
        return;
    fd = cgroup_make_old(group, NULL);
    snprintf(pid, sizeof pid, "%d", (int)c->payload_pid);
    c->device_policy = fd >= 0 && device_policy_write_old(plan, fd) == 0 &&
                       cgroup_write(fd, "cgroup.procs", pid) == 0;
}

void groups_close(struct groups *g)
{
    fd_close(g->unified.fd);
    fd_close(g->unified.payload_fd);
    fd_close(g->systemd_fd);
    *g = GROUPS_NONE;
}
