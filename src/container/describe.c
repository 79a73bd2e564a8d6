/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"
#include "container/capabilities.h"
#include "container/container.h"
#include "container/notify.h"
#include "container/user_namespace.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

static void describe_strings(struct text *out, const char *title, char *const *strings)
{
    (void)text_appendf(out, "%s:", title);
    for (; strings && *strings; strings++)
        (void)text_appendf(out, " %s", text_safe(*strings));
    (void)text_appendf(out, "\n");
}

static void describe_mount(struct text *out, const struct container_mount *m)
{
    static const char *const kinds[] = {[MOUNT_BIND] = "bind",
                                        [MOUNT_BIND_FD] = "bind",
                                        [MOUNT_TMPFS] = "tmpfs",
                                        [MOUNT_MASK] = "mask",
                                        [MOUNT_OVERLAY] = "overlay"};
    static const char *const layers[] = {[LAYER_READ_ONLY] = ", read-only",
                                         [LAYER_MEMORY] = ", writing to memory",
                                         [LAYER_UPPER] = ""};

    (void)text_appendf(out, "mount: %s on %s", kinds[m->kind], text_safe(m->target));
    if (m->source)
        (void)text_appendf(out, " from %s", text_safe(m->source));
    for (char **layer = m->layers; layer && *layer; layer++)
        (void)text_appendf(out, "%s %s", layer == m->layers ? " of" : ",", text_safe(*layer));
    if (m->kind == MOUNT_OVERLAY)
        (void)text_appendf(out, "%s", layers[m->layer]);
    if (m->options)
        (void)text_appendf(out, " with %s", text_safe(m->options));
    (void)text_appendf(out, "%s%s\n", m->read_only ? ", read-only" : "",
                       m->optional ? ", if it is there" : "");
}

static void describe_file(struct text *out, const struct container_file *f)
{
    const char *kind = S_ISFIFO(f->mode)  ? "fifo"
                       : S_ISDIR(f->mode) ? "directory"
                       : S_ISLNK(f->mode) ? "link"
                                          : "file";

    (void)text_appendf(out, "in memory: %s /run/%s\n", kind, text_safe(f->path));
}

static void describe_device(struct text *out, const struct container_device *d)
{
    (void)text_appendf(out, "device: ");
    if (d->node)
        (void)text_appendf(out, "/dev/%s ", text_safe(d->node));
    (void)text_appendf(out, "%s%u:%u%s", d->character ? "character " : "", major(d->devno),
                       minor(d->devno), d->read_only ? ", read-only" : "");
    for (char **link = d->links; link && *link; link++)
        (void)text_appendf(out, " /dev/%s", text_safe(*link));
    (void)text_appendf(out, "\n");
}

static void describe_user(struct text *out, const struct container_user *user)
{
    if (!user->uid && !user->gid)
        return;
    (void)text_appendf(out, "user: %u, groups %u", user->uid, user->gid);
    for (unsigned i = 0; i < user->group_count; i++)
        (void)text_appendf(out, " %u", user->groups[i]);
    (void)text_appendf(out, "\n");
}

/* What differs from the tables. */
static void describe_exceptions(struct text *out, const struct container_plan *plan)
{
    if (plan->api != API_READ_ONLY)
        (void)text_appendf(out, "writable: %s\n",
                           plan->api == API_NETWORK ? "/proc/sys/net" : "/sys and /proc/sys");
    if (plan->cgroups == CGROUPS_LEGACY)
        (void)text_appendf(out, "cgroups: version 1, name=systemd\n");
    if (plan->tmp_of_tree)
        (void)text_appendf(out, "/tmp: the tree's own\n");
    if (plan->notify)
        (void)text_appendf(out, "in memory: socket " NOTIFY_PATH "\n");
    if (plan->unfiltered)
        (void)text_appendf(out, "system calls: not filtered\n");
    if (plan->open_calls)
        describe_strings(out, "allowed system calls", plan->open_calls);
    if (plan->closed_calls)
        describe_strings(out, "refused system calls", plan->closed_calls);
    if (plan->personality)
        (void)text_appendf(out, "personality: %#lx\n", plan->personality);
    if (plan->emulated[0])
        (void)text_appendf(out, "emulated: %s\n", text_safe(plan->emulated));
    for (unsigned i = 0; i < plan->credential_count; i++)
        (void)text_appendf(out, "credential: %s, %zu bytes\n", text_safe(plan->credentials[i].name),
                           plan->credentials[i].size);
}

static void describe_capabilities(struct text *out, uint64_t kept)
{
    (void)text_appendf(out, "capabilities:");
    for (unsigned cap = 0; cap < 64; cap++)
        if (kept & CAPABILITY_BIT(cap))
            (void)text_appendf(out, " %s", capability_name(cap));
    (void)text_appendf(out, "\n");
}

int container_plan_describe(const struct container_plan *plan, struct text *out)
{
    (void)text_appendf(out, "container: %s\n", plan->name);
    (void)text_appendf(out, "host name: %s\n", plan->hostname[0] ? plan->hostname : plan->name);
    (void)text_appendf(out, "uuid: %s\n", plan->uuid);
    (void)text_appendf(out, "console: %s\n", plan->console == CONSOLE_PTY ? "pty" : "pipe");
    describe_strings(out, plan->payload == PAYLOAD_INIT ? "init" : "command", plan->argv);
    describe_strings(out, "environment", plan->env);
    (void)text_appendf(out, "root: %s\n",
                       plan->root_in_memory ? "writing to memory"
                       : plan->read_only    ? "read-only"
                                            : "read-write");
    (void)text_appendf(out, "network: %s\n",
                       plan->network_namespace ? text_safe(plan->network_namespace)
                       : plan->private_network ? "private"
                                               : "the host's");
    if (plan->untrusted)
        (void)text_appendf(out, "user namespace: %u %u\n", USER_FIRST, USER_COUNT);
    if (plan->label)
        (void)text_appendf(out, "label: %s\n", text_safe(plan->label));
    if (plan->label_of_files)
        (void)text_appendf(out, "label of files: %s\n", text_safe(plan->label_of_files));
    describe_user(out, &plan->user);
    describe_exceptions(out, plan);
    describe_capabilities(out, container_plan_capabilities(plan));
    if (plan->cmdline)
        (void)text_appendf(out, "kernel command line: %s\n",
                           text_safe_bytes(plan->cmdline, strcspn(plan->cmdline, "\n")));
    for (unsigned i = 0; i < plan->mount_count; i++)
        describe_mount(out, &plan->mounts[i]);
    for (unsigned i = 0; i < plan->device_count; i++)
        describe_device(out, &plan->devices[i]);
    for (unsigned i = 0; i < plan->file_count; i++)
        describe_file(out, &plan->files[i]);
    return out->failed;
}
