/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The schema "unbrick.list/1", described in docs/json.md. Text of disks is escaped as for a
 * terminal: a name that is no UTF-8 has no other form in JSON. */

#include "base/text.h"
#include "commands/list.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* Deeper than this nothing stands on each other: assemble() makes no more. */
#define DEPTH_MAX 8

static void set_text(json_t *object, const char *key, const char *value)
{
    if (value && value[0])
        json_object_set_new(object, key, json_string(text_safe(value)));
}

static json_t *kernels_of(const struct linux_system *s)
{
    json_t *list = json_array();

    for (unsigned i = 0; i < s->kernel_count; i++) {
        json_t *item = json_object();

        set_text(item, "release", s->kernels[i].release);
        json_object_set_new(item, "image", json_boolean(s->kernels[i].has_image));
        json_object_set_new(item, "modules", json_boolean(s->kernels[i].has_modules));
        json_object_set_new(item, "initramfs", json_boolean(s->kernels[i].has_initramfs));
        json_array_append_new(list, item);
    }
    return list;
}

static json_t *versions_of(const struct candidates *found, unsigned system)
{
    json_t *list = json_array();

    for (unsigned i = 0; i < found->version_count; i++) {
        const struct version *v = &found->versions[i];
        json_t *item;

        if (v->of != system)
            continue;
        item = json_object();
        set_text(item, "kind", v->kind == VERSION_SNAPSHOT ? "snapshot" : "deployment");
        json_object_set_new(item, "name", json_string(v->name));
        set_text(item, "subvolume", v->place.subvolume);
        set_text(item, "deployment", v->place.deployment);
        set_text(item, "description", v->description);
        if (v->created > 0)
            json_object_set_new(item, "created", json_integer(v->created));
        json_object_set_new(item, "read_only", json_boolean(v->read_only));
        json_object_set_new(item, "current", json_boolean(v->current));
        json_array_append_new(list, item);
    }
    return list;
}

static json_t *system_of(const struct candidates *found, unsigned i)
{
    const struct candidate *c = &found->items[i];
    const struct linux_system *s = &c->system;
    json_t *item = json_object();

    json_object_set_new(item, "name", json_string(c->name));
    set_text(item, "subvolume", c->place.subvolume);
    set_text(item, "deployment", c->place.deployment);
    set_text(item, "id", s->id);
    set_text(item, "version", s->version);
    set_text(item, "pretty_name", s->pretty);
    set_text(item, "hostname", s->hostname);
    set_text(item, "init", init_kind_name(s->init));
    set_text(item, "architecture", s->arch);
    json_object_set_new(item, "boots", json_boolean(c->boots));
    json_object_set_new(item, "kernels", kernels_of(s));
    if (s->last_boot > 0)
        json_object_set_new(item, "last_boot", json_integer(s->last_boot));
    json_object_set_new(item, "versions", versions_of(found, i));
    return item;
}

static json_t *above(const struct list *l, const struct volume *v, unsigned depth);

static json_t *volume_of(const struct list *l, const struct candidates *found,
                         const struct volume *v, unsigned depth)
{
    json_t *item = json_object(), *systems = json_array();
    char mount_point[4096];

    set_text(item, "name", v->name);
    json_object_set_new(item, "number", json_integer(v->number));
    json_object_set_new(item, "start", json_integer((json_int_t)v->start));
    json_object_set_new(item, "size", json_integer((json_int_t)v->size));
    set_text(item, "type", v->fs.type);
    set_text(item, "uuid", v->fs.uuid);
    set_text(item, "label", v->fs.label);
    set_text(item, "partition_uuid", v->part_uuid);
    set_text(item, "partition_type", v->part_type);
    set_text(item, "partition_label", v->part_label);
    set_text(item, "state", list_volume_state(l, v));
    set_text(item, "mount_point", list_mount_point(v, mount_point, sizeof mount_point));
    for (unsigned i = 0; i < found->count; i++)
        if (found->items[i].volume == v)
            json_array_append_new(systems, system_of(found, i));
    json_object_set_new(item, "systems", systems);
    json_object_set_new(item, "above", above(l, v, depth));
    return item;
}

/* What stands on a volume. Below each of its members anew: a program need not look for it. */
static json_t *above(const struct list *l, const struct volume *v, unsigned depth)
{
    static const char *const kinds[] = {[DISK_ARRAY] = "array",
                                        [DISK_LUKS] = "LUKS",
                                        [DISK_GROUP] = "group",
                                        [DISK_OTHER] = "mapping"};
    const struct disk *uppers[LIST_ABOVE_MAX];
    unsigned count = depth < DEPTH_MAX ? list_above(l, v, uppers) : 0;
    json_t *list = json_array();

    for (unsigned n = 0; n < count; n++) {
        const struct disk *d = uppers[n];
        const struct candidates *found = list_found_on(l, d);
        json_t *item = json_object(), *volumes = json_array();

        set_text(item, "kind", kinds[d->kind]);
        set_text(item, "name", d->name);
        json_object_set_new(item, "degraded", json_boolean(d->degraded));
        json_object_set_new(item, "size", json_integer((json_int_t)d->size));
        set_text(item, "table", d->table);
        for (unsigned i = 0; i < d->volume_count; i++)
            json_array_append_new(volumes, volume_of(l, found, &d->volumes[i], depth + 1));
        json_object_set_new(item, "volumes", volumes);
        json_array_append_new(list, item);
    }
    return list;
}

static json_t *disk_of(const struct list *l, const struct list_disk *d)
{
    json_t *item = json_object(), *volumes = json_array();

    set_text(item, "target", d->target);
    set_text(item, "problem", d->problem.text);
    set_text(item, "in_use", d->use);
    if (d->disk || d->size)
        json_object_set_new(item, "size",
                            json_integer((json_int_t)(d->disk ? d->disk->size : d->size)));
    if (d->disk) {
        json_object_set_new(item, "sector_size", json_integer(d->disk->sector_size));
        set_text(item, "table", d->disk->table);
        set_text(item, "table_id", d->disk->table_id);
        set_text(item, "table_error", d->disk->table_error);
        set_text(item, "model", d->disk->model);
        set_text(item, "serial", d->disk->serial);
        set_text(item, "clone", d->clone);
        set_text(item, "paths", d->paths);
        for (unsigned i = 0; i < d->disk->volume_count; i++)
            json_array_append_new(volumes, volume_of(l, d->found, &d->disk->volumes[i], 0));
    }
    json_object_set_new(item, "volumes", volumes);
    return item;
}

void list_print_json(const struct list *l)
{
    json_t *document = json_object(), *disks = json_array();

    for (unsigned i = 0; i < l->count; i++)
        json_array_append_new(disks, disk_of(l, &l->disks[i]));
    json_object_set_new(document, "schema", json_string("unbrick.list/1"));
    json_object_set_new(document, "disks", disks);
    (void)json_dumpf(document, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(document);
}
