/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The tree, and what is laid over it. */

#include "commands/spawn_take.h"

#include "base/fd.h"
#include "base/text.h"
#include "commands/spawn_values.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As many as the engine takes in one overlay, and the place. */
#define OVERLAY_FIELDS_MAX 13

int spawn_take_read_only(struct reader *r, const char *name, const char *value)
{
    r->plan->read_only = true;
    return 0;
}

int spawn_take_ephemeral(struct reader *r, const char *name, const char *value)
{
    r->plan->root_in_memory = true;
    return 0;
}

int spawn_take_volatile(struct reader *r, const char *name, const char *value)
{
    bool wanted;

    if (value && strcmp(value, "overlay") == 0) {
        r->plan->root_in_memory = true;
        return 0;
    }
    if (value && spawn_read_bool(value, &wanted) == 0 && !wanted)
        return 0;
    return error_set(r->e, ERROR_USAGE, -EINVAL, "usage",
                     "--volatile takes overlay or no here: with overlay nothing is written to the "
                     "disk, and everything of the system is there");
}

int spawn_take_pivot_root(struct reader *r, const char *name, const char *value)
{
    char *copy = strdup(value), *rest = copy, *new_root, *old_root;

    if (!copy)
        return spawn_out_of_memory(r);
    new_root = spawn_next_field(&rest);
    old_root = spawn_next_field(&rest);
    if (new_root[0] != '/' || (old_root && old_root[0] != '/') || rest) {
        free(copy);
        return spawn_bad_value(r, name, value, "NEW[:OLD] with absolute paths");
    }
    free((char *)r->o->pivot_new); /* old_root lies in the same memory */
    r->o->pivot_new = new_root;
    r->o->pivot_old = old_root;
    return 0;
}

/* "/path", or "+/path" in the container's tree. */
static bool is_source(const char *path)
{
    return path[path[0] == '+'] == '/';
}

/* Options of systemd-nspawn(1), "--bind=". Without a user namespace (--untrusted) all ids are the
 * same inside and outside, whichever way of mapping is asked for. */
static int take_bind_options(struct reader *r, const char *name, char *options,
                             struct container_mount *m)
{
    static const char *const mappings[] = {"noidmap", "idmap", "rootidmap", "owneridmap"};
    char *option;

    while ((option = strsep(&options, ","))) {
        bool known = strcmp(option, "rbind") == 0 || strcmp(option, "norbind") == 0;

        if (known)
            m->recursive = option[0] == 'r';
        for (size_t i = 0; i < sizeof mappings / sizeof mappings[0]; i++) {
            if (strcmp(option, mappings[i]) != 0)
                continue;
            m->mapped = i == 1;
            r->o->owner_mapping = r->o->owner_mapping || i > 1;
            known = true;
        }
        if (!known)
            return spawn_bad_value(r, name, option,
                                   "the options rbind, norbind, idmap, noidmap, rootidmap and "
                                   "owneridmap");
    }
    return 0;
}

static int add_bind(struct reader *r, const char *name, const char *value, bool read_only)
{
    _cleanup_free_ char *copy = strdup(value);
    char *rest = copy, *source, *target, *options;
    struct container_mount m = {
        .kind = MOUNT_BIND, .source_fd = -1, .read_only = read_only, .recursive = true};

    if (!copy)
        return spawn_out_of_memory(r);
    source = spawn_next_field(&rest);
    target = spawn_next_field(&rest);
    options = spawn_next_field(&rest);
    if (source[0] == '-' && is_source(source + 1)) { /* passed over when it is not there */
        m.optional = true;
        source++;
    }
    if ((source[0] && !is_source(source)) || (!source[0] && !target) ||
        (target && target[0] && target[0] != '/') || rest)
        return spawn_bad_value(r, name, value, "SOURCE[:TARGET[:OPTIONS]] with absolute paths");
    if (options && take_bind_options(r, name, options, &m) < 0)
        return -EINVAL;
    m.source = source;
    m.target = target && target[0] ? target : source + (source[0] == '+');
    /* A directory that is gone at the end; nspawn's is below /var/tmp. */
    if (!source[0]) {
        m.kind = MOUNT_TMPFS;
        m.source = NULL;
        m.options = (char *)"mode=0755";
    }
    return container_plan_add_mount(r->plan, &m) < 0 ? spawn_out_of_memory(r) : 0;
}

int spawn_take_bind(struct reader *r, const char *name, const char *value)
{
    return add_bind(r, name, value, false);
}

int spawn_take_bind_ro(struct reader *r, const char *name, const char *value)
{
    return add_bind(r, name, value, true);
}

int spawn_take_tmpfs(struct reader *r, const char *name, const char *value)
{
    _cleanup_free_ char *copy = strdup(value);
    char *rest = copy, *target, *options;

    if (!copy)
        return spawn_out_of_memory(r);
    target = spawn_next_field(&rest);
    options = rest;
    if (target[0] != '/')
        return spawn_bad_value(r, name, value, "PATH[:OPTIONS] with an absolute path");
    return container_plan_add_mount(
               r->plan,
               &(struct container_mount){.kind = MOUNT_TMPFS,
                                         .source_fd = -1,
                                         .target = target,
                                         .options = options ? options : (char *)"mode=0755"}) < 0
               ? spawn_out_of_memory(r)
               : 0;
}

/*
 * LOWEST:...:TOPMOST:TARGET; with two paths the second is the topmost layer as well. An empty
 * topmost one is memory. A topmost directory of the host needs a scratch directory beside it for as
 * long as the overlay is mounted, which the engine makes.
 */
static int add_overlay(struct reader *r, const char *name, const char *value, bool read_only)
{
    _cleanup_free_ char *copy = strdup(value);
    char *rest = copy, *fields[OVERLAY_FIELDS_MAX + 1] = {NULL}, *target;
    struct container_mount m = {.kind = MOUNT_OVERLAY, .source_fd = -1, .read_only = read_only};
    unsigned count = 0;

    if (!copy)
        return spawn_out_of_memory(r);
    while (rest && count < OVERLAY_FIELDS_MAX)
        fields[count++] = spawn_next_field(&rest);
    if (rest)
        return spawn_bad_value(r, name, value, "at most 12 directories");
    target = fields[count - 1];
    if (count > 2)
        fields[--count] = NULL;
    for (unsigned i = 0; i < count; i++)
        if (!is_source(fields[i]) && (i != count - 1 || fields[i][0] || count < 2 || read_only))
            return spawn_bad_value(r, name, value, "PATH[:PATH...]:TARGET with absolute paths");
    if (count < 2 || target[0] != '/')
        return spawn_bad_value(r, name, value, "PATH[:PATH...]:TARGET with absolute paths");
    m.target = target;
    m.layers = fields;
    m.layer = read_only ? LAYER_READ_ONLY : fields[count - 1][0] ? LAYER_UPPER : LAYER_MEMORY;
    if (m.layer == LAYER_MEMORY)
        fields[count - 1] = NULL;
    if (m.layer == LAYER_UPPER && fields[count - 1][0] == '+')
        return error_set(r->e, ERROR_USAGE, -EINVAL, "usage",
                         "--%s cannot write to a directory of the container's own: name one of the "
                         "host as topmost, or an empty one for memory",
                         name);
    return container_plan_add_mount(r->plan, &m) < 0 ? spawn_out_of_memory(r) : 0;
}

int spawn_take_overlay(struct reader *r, const char *name, const char *value)
{
    return add_overlay(r, name, value, false);
}

int spawn_take_overlay_ro(struct reader *r, const char *name, const char *value)
{
    return add_overlay(r, name, value, true);
}

int spawn_take_inaccessible(struct reader *r, const char *name, const char *value)
{
    if (value[0] != '/')
        return spawn_bad_value(r, name, value, "an absolute path");
    return container_plan_add_mount(r->plan, &(struct container_mount){.kind = MOUNT_MASK,
                                                                       .source_fd = -1,
                                                                       .target = (char *)value}) < 0
               ? spawn_out_of_memory(r)
               : 0;
}
