/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The tree that a person sees: disk, its volumes, the systems on them. */

#include "base/fd.h"
#include "base/text.h"
#include "commands/list.h"
#include "storage/member.h"
#include "terminal/encoding.h"
#include "terminal/ui.h"
#include "terminal/width.h"
#include "terminal/wrap.h"

#include <errno.h>
#include <libsmartcols/libsmartcols.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

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

/* In a column that is narrower than this nothing is won by keeping words whole. */
#define CONTENT_MIN 12

/* Of forty snapshots these tell what there is. */
#define VERSIONS_SHOWN 5

struct tree {
    struct libscols_table *table;
    const struct list *list;
    bool all_versions;
    bool utf8;                    /* else characters beyond ASCII are shown as \xNN */
    const struct disk *shown[64]; /* what has several members stands below the first */
    unsigned shown_count;
};

/* libsmartcols would escape once more, and in our locale all that is not ASCII: it gets what is to
 * be shown. */
static bool set_cell(struct tree *t, struct libscols_line *line, enum column column,
                     const char *content)
{
    _cleanup_text_ struct text safe = TEXT_INIT(65536), plain = TEXT_INIT(65536);
    const struct text *shown = t->utf8 ? &safe : &plain;

    (void)text_append_safe(&safe, content, strlen(content));
    for (size_t i = 0; !t->utf8 && i < safe.size; i++)
        (void)text_appendf(&plain, (unsigned char)safe.data[i] < 0x80 ? "%c" : "\\x%02x",
                           (unsigned char)safe.data[i]);
    return !shown->failed && scols_line_set_data(line, column, shown->data ? shown->data : "") == 0;
}

static struct libscols_line *add_line(struct tree *t, struct libscols_line *parent,
                                      const char *name, uint64_t bytes, const char *type,
                                      const char *state, const char *content)
{
    struct libscols_line *line = scols_table_new_line(t->table, parent);
    char size[24] = "";

    if (bytes)
        text_bytes(bytes, size);
    return line && set_cell(t, line, COLUMN_NAME, name) && set_cell(t, line, COLUMN_SIZE, size) &&
                   set_cell(t, line, COLUMN_TYPE, type) && set_cell(t, line, COLUMN_STATE, state) &&
                   set_cell(t, line, COLUMN_CONTENT, content)
               ? line
               : NULL;
}

static void describe_system(const struct candidate *c, char *buf, size_t size)
{
    const struct linux_system *s = &c->system;
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
        used += (size_t)snprintf(buf + used, size - used, ", last boot %s", date);
    }
    if (c->boots && used < size)
        (void)snprintf(buf + used, size - used, ", the machine boots this one");
}

/* "snapshot 42, 2026-03-01, before the update, read-only" */
static void describe_version(const struct version *v, char *buf, size_t size)
{
    size_t used = 0;
    struct tm tm;
    char date[32];

    buf[0] = '\0';
    if (v->created > 0 && localtime_r(&v->created, &tm)) {
        (void)strftime(date, sizeof date, "%Y-%m-%d %H:%M", &tm);
        used = (size_t)snprintf(buf, size, "%s", date);
    }
    if (v->description[0] && used < size)
        used += (size_t)snprintf(buf + used, size - used, "%s%s", used ? ", " : "",
                                 text_safe(v->description));
    if ((v->read_only || v->current) && used < size)
        (void)snprintf(buf + used, size - used, "%s%s", used ? ", " : "",
                       v->current ? "the machine boots this one" : "read-only");
}

/* Below a system its snapshots, or the deployments of its OSTree. */
static bool add_versions(struct tree *t, struct libscols_line *parent,
                         const struct candidates *found, unsigned system)
{
    unsigned shown = 0, left_out = 0;
    char content[400], name[80];

    for (unsigned i = 0; i < found->version_count; i++) {
        const struct version *v = &found->versions[i];

        if (v->of != system)
            continue;
        if (!t->all_versions && shown == VERSIONS_SHOWN) {
            left_out++;
            continue;
        }
        shown++;
        describe_version(v, content, sizeof content);
        if (!add_line(t, parent, v->name, 0,
                      v->kind == VERSION_SNAPSHOT ? "snapshot" : "deployment", "", content))
            return false;
    }
    snprintf(name, sizeof name, "and %u older", left_out);
    return !left_out || add_line(t, parent, name, 0, "", "", "--verbose shows them");
}

static bool add_systems(struct tree *t, struct libscols_line *parent, const struct volume *v,
                        const struct candidates *found)
{
    for (unsigned i = 0; i < found->count; i++) {
        const struct candidate *c = &found->items[i];
        const char *subvolume = c->place.subvolume;
        char content[600], name[700];
        struct libscols_line *line;

        if (c->volume != v)
            continue;
        describe_system(c, content, sizeof content);
        snprintf(name, sizeof name, "%s%s%s",
                 c->system.hostname[0] ? text_safe(c->system.hostname) : "system",
                 subvolume[0] ? " in " : "", subvolume[0] ? text_safe(subvolume) : "");
        line = add_line(t, parent, name, 0, "", "", content);
        if (!line || !add_versions(t, line, found, i))
            return false;
    }
    return true;
}

/* "on /srv", "label data", "opened by: zpool import ...". */
static void describe_volume(const struct tree *t, const struct disk *d, const struct volume *v,
                            const struct candidates *found, char *ret, size_t size)
{
    const struct member_type *member = member_type_find(v->fs.type);
    char mount_point[4096], opens[300], node[160];

    ret[0] = '\0';
    if (list_mount_point(v, mount_point, sizeof mount_point))
        snprintf(ret, size, "on %s", text_safe(mount_point));
    else if (strcmp(list_volume_state(t->list, v), "unreadable") == 0)
        snprintf(ret, size, "%s", found->unreadable_why);
    else if (list_is_closed(t->list, v))
        snprintf(
            ret, size, member->opens ? "closed; to open it: %s" : "closed",
            member_opens(member, disk_volume_node(d, v, node, sizeof node), opens, sizeof opens));
    else if (v->fs.label[0])
        snprintf(ret, size, "label %s", text_safe(v->fs.label));
}

static bool add_above(struct tree *t, struct libscols_line *parent, const struct volume *v);

/* @line is the volume's own, or the one of the disk that it fills. */
static bool add_contents(struct tree *t, struct libscols_line *line, const struct volume *v,
                         const struct candidates *found)
{
    return add_systems(t, line, v, found) && add_above(t, line, v);
}

/* @note: about what it is the only volume of; "". */
static bool add_volume(struct tree *t, struct libscols_line *parent, const struct disk *d,
                       const struct volume *v, const struct candidates *found, const char *note)
{
    struct libscols_line *line;
    char content[5000], both[5200];

    describe_volume(t, d, v, found, content, sizeof content);
    snprintf(both, sizeof both, "%s%s%s", note, note[0] && content[0] ? ", " : "", content);
    line = add_line(t, parent, text_safe(v->name), v->size, text_safe(v->fs.type),
                    list_volume_state(t->list, v), both);
    return line && add_contents(t, line, v, found);
}

static bool is_shown(struct tree *t, const struct disk *d)
{
    for (unsigned i = 0; i < t->shown_count; i++)
        if (t->shown[i] == d)
            return true;
    if (t->shown_count < sizeof t->shown / sizeof t->shown[0])
        t->shown[t->shown_count++] = d;
    return false;
}

/* A group, or an array with partitions, has a line of its own; what is one volume has one for both.
 */
static bool add_upper(struct tree *t, struct libscols_line *parent, const struct disk *d)
{
    const struct candidates *found = list_found_on(t->list, d);
    static const char *const kinds[] = {[DISK_ARRAY] = "array",
                                        [DISK_LUKS] = "LUKS",
                                        [DISK_GROUP] = "group",
                                        [DISK_OTHER] = "mapping"};
    const char *note = d->degraded ? "members are missing" : "";
    struct libscols_line *line;

    if (is_shown(t, d))
        return add_line(t, parent, text_safe(d->name), 0, kinds[d->kind], "", "see above");
    if (d->kind != DISK_GROUP && !d->table[0] && d->volume_count == 1)
        return add_volume(t, parent, d, &d->volumes[0], found, note);
    line = add_line(t, parent, text_safe(d->name), d->size,
                    d->kind == DISK_GROUP ? kinds[d->kind] : d->table, "", note);
    for (unsigned i = 0; line && i < d->volume_count; i++)
        if (!add_volume(t, line, d, &d->volumes[i], found, ""))
            return false;
    return line;
}

static bool add_above(struct tree *t, struct libscols_line *parent, const struct volume *v)
{
    const struct disk *above[LIST_ABOVE_MAX];
    unsigned count = list_above(t->list, v, above);

    for (unsigned i = 0; i < count; i++)
        if (!add_upper(t, parent, above[i]))
            return false;
    return true;
}

/* @content: of the disk's one volume, when it has no partitions. */
static void describe_disk(const struct list_disk *d, const char *content, char *buf, size_t size)
{
    const struct disk *disk = d->disk;
    const char *const parts[] = {disk->model,       disk->serial, d->paths, d->clone,
                                 disk->table_error, d->use,       content};
    const char *const before[] = {"", "serial ", "also ", "", "", "", ""};
    size_t used = 0;

    buf[0] = '\0';
    for (size_t i = 0; i < sizeof parts / sizeof parts[0] && used < size; i++)
        if (parts[i][0])
            used += (size_t)snprintf(buf + used, size - used, "%s%s%s", used ? ", " : "", before[i],
                                     i < 2 ? text_safe(parts[i]) : parts[i]);
}

static bool add_disk(struct tree *t, const struct list_disk *d)
{
    struct libscols_line *line;
    char content[8000], below[5000] = "";
    const struct disk *disk = d->disk;
    bool bare;

    if (!disk)
        return add_line(t, NULL, text_safe(d->target), d->size, "",
                        d->use[0] ? "in use" : "unreadable", d->use[0] ? d->use : d->problem.text);
    bare = !disk->table[0] && disk->volume_count;
    if (bare && !d->use[0])
        describe_volume(t, disk, &disk->volumes[0], d->found, below, sizeof below);
    describe_disk(d, below, content, sizeof content);
    line = add_line(t, NULL, text_safe(d->target), disk->size,
                    bare ? text_safe(disk->volumes[0].fs.type) : disk->table,
                    d->use[0]     ? "in use"
                    : d->clone[0] ? "clone"
                    : bare        ? list_volume_state(t->list, &disk->volumes[0])
                                  : "",
                    content);
    /* A disk without partitions is its own one volume. */
    if (line && bare)
        return add_contents(t, line, &disk->volumes[0], d->found);
    for (unsigned i = 0; line && i < disk->volume_count; i++)
        if (!add_volume(t, line, disk, &disk->volumes[i], d->found, ""))
            return false;
    return line;
}

/* CONTENT is the last column, and begins where its title does. 0 when that is not known. */
static unsigned content_start(struct libscols_table *table)
{
    _cleanup_free_ char *text = NULL;
    const char *title;

    if (scols_print_table_to_string(table, &text) != 0 || !text)
        return 0;
    title = strstr(text, columns[COLUMN_CONTENT].title);
    return title && memchr(text, '\n', (size_t)(title - text)) == NULL ? (unsigned)(title - text)
                                                                       : 0;
}

/* libsmartcols breaks lines, also inside words: the words are put on lines before it sees them. */
static bool wrap_words(struct libscols_table *table)
{
    struct libscols_column *content = scols_table_get_column(table, COLUMN_CONTENT);
    struct libscols_iter *i = scols_new_iter(SCOLS_ITER_FORWARD);
    unsigned start = content_start(table), width = ui_columns();
    struct libscols_line *line;
    bool ok = i && content && scols_column_set_safechars(content, "\n") == 0 &&
              scols_column_set_wrapfunc(content, scols_wrapnl_chunksize, scols_wrapnl_nextchunk,
                                        (void *)"\n") == 0;

    while (ok && start && start + CONTENT_MIN < width &&
           scols_table_next_line(table, i, &line) == 0) {
        _cleanup_text_ struct text t = TEXT_INIT(16384);
        const char *data = scols_cell_get_data(scols_line_get_column_cell(line, content));

        if (data)
            ok = wrap_append(&t, data, width - start, 0, 0) == 0 &&
                 scols_line_set_column_data(line, content, t.data ? t.data : "") == 0;
    }
    scols_free_iter(i);
    return ok;
}

/* What is no terminal is read by a program: it gets the bytes, as from the other commands. */
static bool reads_utf8(FILE *out)
{
    return width_utf8_locale() && (!isatty(fileno(out)) || terminal_reads_utf8(fileno(out)));
}

int list_print_table(const struct list *l, bool all_versions, FILE *out, struct error *e)
{
    struct libscols_table *table = scols_new_table();
    struct tree t = {.list = l, .all_versions = all_versions, .utf8 = reads_utf8(out)};
    /* By which libsmartcols counts columns. */
    locale_t old = uselocale(t.utf8 ? width_utf8_locale() : (locale_t)0);
    bool ok = table && scols_table_enable_noencoding(table, 1) == 0 &&
              scols_table_enable_ascii(table, 1) == 0;

    for (size_t i = 0; ok && i < sizeof columns / sizeof columns[0]; i++)
        ok = scols_table_new_column(table, columns[i].title, columns[i].width, columns[i].flags) !=
             NULL;
    t.table = table;
    if (ok) {
        scols_table_set_stream(table, out);
        /* libsmartcols looks at the standard output, whatever the stream is. */
        if (!isatty(fileno(out)))
            scols_table_set_termforce(table, SCOLS_TERMFORCE_NEVER);
    }
    for (unsigned i = 0; ok && i < l->count; i++)
        ok = add_disk(&t, &l->disks[i]);
    if (ok && isatty(fileno(out)))
        ok = wrap_words(table);
    ok = ok && scols_print_table(table) == 0;
    scols_unref_table(table);
    (void)uselocale(old);
    return ok ? 0 : error_errno(e, -ENOMEM, "cannot print the table");
}
