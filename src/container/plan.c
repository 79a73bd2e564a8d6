/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/plan.h"

#include "base/text.h"
#include "container/capabilities.h"
#include "container/notify.h"
#include "container/random_uuid.h"

#include <ctype.h>
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* More than any caller has; a bound for what comes from a patient (its partitions, say). */
#define PLAN_ITEMS_MAX 4096

static void free_strings(char **strings)
{
    if (!strings)
        return;
    for (char **s = strings; *s; s++)
        free(*s);
    free(strings);
}

static size_t count_strings(char *const *strings)
{
    size_t n = 0;

    while (strings && strings[n])
        n++;
    return n;
}

static int append_string(char ***strings, const char *value)
{
    size_t n = count_strings(*strings);
    char *copy, **grown;

    if (n >= PLAN_ITEMS_MAX)
        return -ENOMEM;
    copy = strdup(value);
    grown = copy ? realloc(*strings, (n + 2) * sizeof **strings) : NULL;
    if (!grown) {
        free(copy);
        return -ENOMEM;
    }
    grown[n] = copy;
    grown[n + 1] = NULL;
    *strings = grown;
    return 0;
}

/* Room for one more item behind @count items of @size bytes. NULL when there is no memory. */
static void *grow(void *items, unsigned count, size_t size)
{
    return count >= PLAN_ITEMS_MAX ? NULL : realloc(items, (count + 1) * size);
}

static int copy_optional(char **ret, const char *value)
{
    if (!value)
        return 0;
    *ret = strdup(value);
    return *ret ? 0 : -ENOMEM;
}

/* What hostname(7) allows in one label; everything else becomes a hyphen. */
static void copy_hostname(char ret[65], const char *name)
{
    size_t used = 0;

    for (const char *c = name; *c && used < 63; c++) {
        bool plain = (*c >= '0' && *c <= '9') || (*c >= 'a' && *c <= 'z') ||
                     (*c >= 'A' && *c <= 'Z') || *c == '.';

        if (plain)
            ret[used++] = *c;
        else if (used && ret[used - 1] != '-')
            ret[used++] = '-';
    }
    while (used && (ret[used - 1] == '-' || ret[used - 1] == '.'))
        used--;
    ret[used] = '\0';
    if (!used || ret[0] == '.')
        memcpy(ret, "rescue", sizeof "rescue");
}

int container_plan_init(struct container_plan *plan, const char *name, struct error *e)
{
    const char *term = getenv("TERM");
    const struct {
        const char *name, *value;
    } environment[] = {
        {"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
        {"container", "unbrick"},
        {"HOME", "/root"},
        {"USER", "root"},
        {"LOGNAME", "root"},
        {"TERM", text_is_empty(term) ? "linux" : term},
    };
    int r;

    *plan = (struct container_plan){.capabilities = capabilities_default()};
    copy_hostname(plan->name, name);
    r = random_uuid(plan->uuid);
    for (size_t i = 0; r == 0 && i < sizeof environment / sizeof environment[0]; i++)
        r = container_plan_set_env(plan, environment[i].name, environment[i].value);
    if (r == 0)
        r = container_plan_set_env(plan, "container_uuid", plan->uuid);
    if (r < 0) {
        container_plan_free(plan);
        return error_errno(e, r, "cannot plan the container");
    }
    return 0;
}

void container_plan_free(struct container_plan *plan)
{
    for (unsigned i = 0; i < plan->mount_count; i++) {
        free(plan->mounts[i].source);
        free(plan->mounts[i].target);
        free(plan->mounts[i].options);
        free(plan->mounts[i].work);
        free_strings(plan->mounts[i].layers);
    }
    for (unsigned i = 0; i < plan->file_count; i++) {
        free(plan->files[i].path);
        free(plan->files[i].content);
    }
    for (unsigned i = 0; i < plan->device_count; i++) {
        free(plan->devices[i].node);
        free_strings(plan->devices[i].links);
    }
    for (unsigned i = 0; i < plan->credential_count; i++) {
        free(plan->credentials[i].name);
        free(plan->credentials[i].data);
    }
    free(plan->credentials);
    free(plan->user.groups);
    free_strings(plan->open_calls);
    free_strings(plan->closed_calls);
    free(plan->mounts);
    free(plan->files);
    free(plan->devices);
    free_strings(plan->argv);
    free_strings(plan->env);
    free(plan->label);
    free(plan->label_of_files);
    free(plan->network_namespace);
    free(plan->chdir);
    free(plan->cmdline);
    *plan = (struct container_plan){0};
}

int container_plan_add_arg(struct container_plan *plan, const char *arg)
{
    return append_string(&plan->argv, arg);
}

int container_plan_set_env(struct container_plan *plan, const char *name, const char *value)
{
    size_t length = strlen(name), room = length + strlen(value) + 2;
    char *entry = malloc(room);
    int r;

    if (!entry)
        return -ENOMEM;
    snprintf(entry, room, "%s=%s", name, value);
    for (char **old = plan->env; old && *old; old++) {
        if (strncmp(*old, entry, length + 1) == 0) {
            free(*old);
            *old = entry;
            return 0;
        }
    }
    r = append_string(&plan->env, entry);
    free(entry);
    return r;
}

int container_plan_default_env(struct container_plan *plan, const char *name, const char *value)
{
    size_t length = strlen(name);

    for (char **old = plan->env; old && *old; old++)
        if (strncmp(*old, name, length) == 0 && (*old)[length] == '=')
            return 0;
    return container_plan_set_env(plan, name, value);
}

int container_plan_set_machine_id(struct container_plan *plan, const char *id)
{
    static const unsigned char groups[] = {8, 4, 4, 4, 12};
    char before[64], uuid[sizeof plan->uuid] = "";
    size_t used = 0;
    bool set = false;

    if (strlen(id) != 32)
        return 0;
    for (size_t i = 0; i < sizeof groups; i++) {
        if (i > 0)
            uuid[used++] = '-';
        for (unsigned char j = 0; j < groups[i]; j++)
            uuid[used++] = (char)tolower((unsigned char)*id++);
    }
    snprintf(before, sizeof before, "container_uuid=%s", plan->uuid);
    memcpy(plan->uuid, uuid, sizeof uuid);
    for (char **entry = plan->env; entry && *entry; entry++)
        set = set || strcmp(*entry, before) == 0;
    return set ? container_plan_set_env(plan, "container_uuid", uuid) : 0;
}

int container_plan_add_mount(struct container_plan *plan, const struct container_mount *mount)
{
    struct container_mount *m = grow(plan->mounts, plan->mount_count, sizeof *m);

    if (!m)
        return -ENOMEM;
    plan->mounts = m;
    m += plan->mount_count++;
    *m = *mount;
    m->source = m->target = m->options = m->work = NULL;
    m->layers = NULL;
    if (copy_optional(&m->source, mount->source) < 0 ||
        copy_optional(&m->target, mount->target) < 0 ||
        copy_optional(&m->options, mount->options) < 0 || copy_optional(&m->work, mount->work) < 0)
        return -ENOMEM;
    for (char **layer = mount->layers; layer && *layer; layer++)
        if (append_string(&m->layers, *layer) < 0)
            return -ENOMEM;
    return 0;
}

/* A path of the host; one of the tree ("+...") is looked for there, later. */
static int check_source(const char *path, struct error *e)
{
    struct stat st;

    if (path[0] == '+' || stat(path, &st) == 0)
        return 0;
    return error_errno(e, -errno, "cannot open %s", text_safe(path));
}

int container_plan_check_sources(const struct container_plan *plan, struct error *e)
{
    for (unsigned i = 0; i < plan->mount_count; i++) {
        const struct container_mount *m = &plan->mounts[i];
        int r = m->kind == MOUNT_BIND && !m->optional ? check_source(m->source, e) : 0;

        for (char **layer = m->layers; r == 0 && layer && *layer; layer++)
            r = check_source(*layer, e);
        if (r < 0)
            return r;
    }
    return 0;
}

int container_plan_add_file(struct container_plan *plan, const char *path, mode_t mode,
                            const char *content)
{
    struct container_file *f = grow(plan->files, plan->file_count, sizeof *f);

    if (!f)
        return -ENOMEM;
    plan->files = f;
    f += plan->file_count++;
    *f = (struct container_file){.mode = mode, .size = content ? strlen(content) : 0};
    if (copy_optional(&f->path, path) < 0 || copy_optional(&f->content, content) < 0)
        return -ENOMEM;
    return 0;
}

int container_plan_add_device(struct container_plan *plan, const char *node, dev_t devno,
                              bool read_only, const char *const *links)
{
    struct container_device *d = grow(plan->devices, plan->device_count, sizeof *d);
    int r;

    if (!d)
        return -ENOMEM;
    plan->devices = d;
    d += plan->device_count++;
    *d = (struct container_device){.devno = devno, .read_only = read_only};
    r = copy_optional(&d->node, node);
    for (; r == 0 && links && *links; links++)
        r = append_string(&d->links, *links);
    return r;
}

int container_plan_add_character(struct container_plan *plan, const char *node, dev_t devno)
{
    int r = container_plan_add_device(plan, node, devno, false, NULL);

    if (r == 0)
        plan->devices[plan->device_count - 1].character = true;
    return r;
}

int container_plan_allow_device(struct container_plan *plan, dev_t devno, bool character)
{
    struct container_device *d = grow(plan->devices, plan->device_count, sizeof *d);

    if (!d)
        return -ENOMEM;
    plan->devices = d;
    d[plan->device_count++] = (struct container_device){.devno = devno, .character = character};
    return 0;
}

int container_plan_add_notify(struct container_plan *plan)
{
    plan->notify = true;
    return container_plan_set_env(plan, "NOTIFY_SOCKET", NOTIFY_PATH);
}

int container_plan_add_credential(struct container_plan *plan, const char *name, const void *data,
                                  size_t size)
{
    struct container_credential *c = plan->credentials, *end = c + plan->credential_count;
    void *copy = malloc(size + 1);

    if (!copy)
        return -ENOMEM;
    memcpy(copy, data, size);
    while (c < end && strcmp(c->name, name) != 0)
        c++;
    if (c < end) {
        free(c->data);
    } else {
        c = grow(plan->credentials, plan->credential_count, sizeof *c);
        if (!c) {
            free(copy);
            return -ENOMEM;
        }
        plan->credentials = c;
        c += plan->credential_count;
        c->name = strdup(name);
        if (!c->name) {
            free(copy);
            return -ENOMEM;
        }
        plan->credential_count++;
    }
    c->data = copy;
    c->size = size;
    return container_plan_set_env(plan, "CREDENTIALS_DIRECTORY", "/run/host/credentials");
}

int container_plan_add_word(char ***list, const char *word)
{
    return append_string(list, word);
}

/* Calls that a rescue does without, and that have been ways into the kernel more than once. */
static const char *const distrusted_calls[] = {"@debug", "@pkey", "memfd_secret", "migrate_pages",
                                               "move_pages"};

/*
 * CAP_SYS_RESOURCE would lift the limits that are set for the namespace (no user namespaces of its
 * own below it). The rest is worth what the namespace owns and no more (user_namespaces(7)).
 */
static const unsigned distrusted_capabilities[] = {CAP_SYS_RESOURCE, CAP_MKNOD, CAP_SYS_PTRACE};

int container_plan_distrust(struct container_plan *plan)
{
    plan->untrusted = true;
    plan->private_network = true;
    plan->read_only = !plan->root_in_memory;
    for (size_t i = 0; i < sizeof distrusted_capabilities / sizeof distrusted_capabilities[0]; i++)
        plan->capabilities &= ~CAPABILITY_BIT(distrusted_capabilities[i]);
    for (size_t i = 0; i < sizeof distrusted_calls / sizeof distrusted_calls[0]; i++)
        if (append_string(&plan->closed_calls, distrusted_calls[i]) < 0)
            return -ENOMEM;
    return 0;
}

bool container_plan_has_own_network(const struct container_plan *plan)
{
    return plan->private_network || plan->network_namespace;
}

uint64_t container_plan_capabilities(const struct container_plan *plan)
{
    return plan->capabilities |
           (container_plan_has_own_network(plan) ? CAPABILITY_BIT(CAP_NET_ADMIN) : 0);
}
