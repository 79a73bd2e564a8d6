/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The tree that a person sees: disk, its volumes, the systems on them. */

#include "base/text.h"
#include "commands/list.h"

#include <errno.h>
#include <libsmartcols/libsmartcols.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum column { COLUMN_NAME, COLUMN_SIZE, COLUMN_TYPE, COLUMN_STATE, COLUMN_CONTENT };

static const struct {
    const char *title;
    double width;
    int flags;
} columns[] = {
    [COLUMN_NAME] = {"NAME", 0.2, SCOLS_FL_TREE | SCOLS_FL_NOEXTREMES},
    [COLUMN_SIZE] = {"SIZE", 8, SCOLS_FL_RIGHT},
    [COLUMN_TYPE] = {"TYPE", 6, 0},
    [COLUMN_STATE] = {"STATE", 8, 0},
    [COLUMN_CONTENT] = {"CONTENT", 0.5, SCOLS_FL_WRAP},
};

static struct libscols_line *add_line(struct libscols_table *table, struct libscols_line *parent,
                                      const char *name, uint64_t bytes, const char *type,
                                      const char *state, const char *content)
{
    struct libscols_line *line = scols_table_new_line(table, parent);
    char size[24] = "";

    if (!line)
        return NULL;
    if (bytes)
        text_bytes(bytes, size);
    if (scols_line_set_data(line, COLUMN_NAME, name) < 0 ||
        scols_line_set_data(line, COLUMN_SIZE, size) < 0 ||
        scols_line_set_data(line, COLUMN_TYPE, type) < 0 ||
        scols_line_set_data(line, COLUMN_STATE, state) < 0 ||
        scols_line_set_data(line, COLUMN_CONTENT, content) < 0)
        return NULL;
    return line;
}

static void describe_system(const struct linux_system *s, char *buf, size_t size)
{
    size_t used = (size_t)snprintf(buf, size, "%s", s->pretty[0] ? text_safe(s->pretty) : "Linux");
    struct tm tm;
    char date[32];

    if (s->kernel_count && used < size)
        used += (size_t)snprintf(buf + used, size - used, ", kernel %s",
                                 text_safe(s->kernels[0].release));
    if (s->kernel_count > 1 && used < size)
        used += (size_t)snprintf(buf + used, size - used, " and %u older", s->kernel_count - 1);
    if (s->last_boot > 0 && localtime_r(&s->last_boot, &tm) && used < size) {
        (void)strftime(date, sizeof date, "%Y-%m-%d", &tm);
        (void)snprintf(buf + used, size - used, ", last boot %s", date);
    }
}

static bool add_systems(struct libscols_table *table, struct libscols_line *parent,
                        const struct list_disk *d, const struct volume *v)
{
    for (unsigned i = 0; i < d->found->count; i++) {
        const struct candidate *c = &d->found->items[i];
        char content[600], name[400];

        if (c->volume != v)
            continue;
        describe_system(&c->system, content, sizeof content);
        snprintf(name, sizeof name, "%s%s%s",
                 c->system.hostname[0] ? text_safe(c->system.hostname) : "system",
                 c->subvolume[0] ? " in " : "", c->subvolume[0] ? text_safe(c->subvolume) : "");
        if (!add_line(table, parent, name, 0, "", "", content))
            return false;
    }
    return true;
}

static bool add_volume(struct libscols_table *table, struct libscols_line *parent,
                       const struct list_disk *d, const struct volume *v)
{
    const char *state = list_volume_state(d, v), *where;
    char content[5000] = "", mount_point[4096];
    struct libscols_line *line = parent;

    where = list_mount_point(v, mount_point, sizeof mount_point);
    if (where)
        snprintf(content, sizeof content, "on %s", text_safe(where));
    else if (strcmp(state, "unreadable") == 0)
        snprintf(content, sizeof content, "%s", d->found->unreadable_why);
    else if (v->fs.label[0])
        snprintf(content, sizeof content, "label %s", text_safe(v->fs.label));
    /* A disk without partitions is its own one volume. */
    if (v->number || d->disk->table[0]) {
        line = add_line(table, parent, text_safe(v->name), v->size, text_safe(v->fs.type), state,
                        content);
        if (!line)
            return false;
    }
    return add_systems(table, line, d, v);
}

static void describe_disk(const struct list_disk *d, char *buf, size_t size)
{
    const struct disk *disk = d->disk;
    const char *const parts[] = {disk->model, disk->serial, d->clone, disk->table_error};
    const char *const before[] = {"", "serial ", "", ""};
    size_t used = 0;

    buf[0] = '\0';
    for (size_t i = 0; i < 4 && used < size; i++)
        if (parts[i][0])
            used += (size_t)snprintf(buf + used, size - used, "%s%s%s", used ? ", " : "", before[i],
                                     text_safe(parts[i]));
    if (d->use[0] && used < size)
        (void)snprintf(buf + used, size - used, "%s%s", used ? ", " : "", d->use);
}

static bool add_disk(struct libscols_table *table, const struct list_disk *d)
{
    struct libscols_line *line;
    char content[2000];
    const struct disk *disk = d->disk;
    bool bare;

    if (!disk)
        return add_line(table, NULL, text_safe(d->target), 0, "", "unreadable", d->problem) != NULL;
    describe_disk(d, content, sizeof content);
    bare = !disk->table[0] && disk->volume_count;
    line = add_line(table, NULL, text_safe(d->target), disk->size,
                    bare ? text_safe(disk->volumes[0].fs.type) : disk->table,
                    d->use[0]     ? "in use"
                    : d->clone[0] ? "clone"
                    : bare        ? list_volume_state(d, &disk->volumes[0])
                                  : "",
                    content);
    if (!line)
        return false;
    for (unsigned i = 0; i < disk->volume_count; i++)
        if (!add_volume(table, line, d, &disk->volumes[i]))
            return false;
    return true;
}

int list_print_table(const struct list *l, struct error *e)
{
    struct libscols_table *table = scols_new_table();
    bool ok = table != NULL;

    for (size_t i = 0; ok && i < sizeof columns / sizeof columns[0]; i++)
        ok = scols_table_new_column(table, columns[i].title, columns[i].width, columns[i].flags) !=
             NULL;
    for (unsigned i = 0; ok && i < l->count; i++)
        ok = add_disk(table, &l->disks[i]);
    ok = ok && scols_print_table(table) == 0;
    scols_unref_table(table);
    return ok ? 0 : error_errno(e, -ENOMEM, "cannot print the table");
}
