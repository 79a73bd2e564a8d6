/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/units.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "system/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

const char *const unit_directories[UNIT_DIRECTORIES] = {
    "/etc/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
};

void unit_free(struct unit *u)
{
    free(u->name);
    free(u->path);
    unit_settings_free(&u->file);
    *u = (struct unit){0};
}

/* "getty@tty1.service" is made from "getty@.service". false when it is no instance. */
static bool template_of(const char *name, char ret[NAME_MAX + 1])
{
    const char *at = strchr(name, '@'), *dot = strrchr(name, '.');

    if (!at || !dot || dot < at || dot == at + 1 || strlen(name) > NAME_MAX)
        return false;
    snprintf(ret, NAME_MAX + 1, "%.*s%s", (int)(at - name + 1), name, dot);
    return true;
}

/* The first directory that has something of that name, be it a link. */
static bool find_name(int root_fd, const char *name, char path[PATH_MAX], struct stat *ret_st)
{
    for (size_t i = 0; i < UNIT_DIRECTORIES; i++) {
        _cleanup_fd_ int fd = -1;

        snprintf(path, PATH_MAX, "%s/%s", unit_directories[i], name);
        fd = path_open(root_fd, path, O_PATH | O_NOFOLLOW);
        if (fd >= 0 && fstat(fd, ret_st) == 0)
            return true;
    }
    return false;
}

/* The name that the link @path gives its unit: the last part of its target. "" when it is no link.
 */
static void link_name(int root_fd, const char *path, char ret[NAME_MAX + 1], bool *ret_null)
{
    _cleanup_fd_ int fd = path_open(root_fd, path, O_PATH | O_NOFOLLOW);
    char target[PATH_MAX];
    ssize_t n = fd < 0 ? -1 : readlinkat(fd, "", target, sizeof target - 1);
    const char *base;

    ret[0] = '\0';
    *ret_null = false;
    if (n <= 0)
        return;
    target[n] = '\0';
    *ret_null = strcmp(target, "/dev/null") == 0;
    base = strrchr(target, '/');
    snprintf(ret, NAME_MAX + 1, "%.*s", NAME_MAX, base ? base + 1 : target);
}

/* What an empty file counts as: it takes time. */
#define FILE_COST 1024

static int parse_into(int root_fd, const char *path, struct unit *u)
{
    _cleanup_free_ char *data = NULL;
    struct unit_settings file;
    struct unit_setting *grown;
    size_t size;
    int r = path_read(root_fd, path, UNIT_SETTINGS_BYTES, &data, &size);

    u->bytes += FILE_COST;
    if (r < 0)
        return r == -ENOMEM ? r : 0;
    u->bytes += size;
    r = unit_settings_parse(data, size, &file);
    if (r < 0 || file.count == 0)
        return r;
    grown = reallocarray(u->file.settings, u->file.count + file.count, sizeof *grown);
    if (!grown) {
        unit_settings_free(&file);
        return -ENOMEM;
    }
    memcpy(grown + u->file.count, file.settings, file.count * sizeof *grown);
    u->file.settings = grown;
    u->file.count += file.count;
    free(file.settings);
    return 0;
}

static int read_drop_ins(int root_fd, const char *name, struct unit *u)
{
    int r = 0;

    /* What is in /etc comes last, and so wins. */
    for (size_t i = 0; r == 0 && i < UNIT_DIRECTORIES; i++) {
        _cleanup_directory_ struct directory d = {0};
        char directory[PATH_MAX];

        snprintf(directory, sizeof directory, "%s/%s.d", unit_directories[UNIT_DIRECTORIES - 1 - i],
                 name);
        if (directory_list(root_fd, directory, ".conf", &d) < 0)
            continue;
        for (unsigned k = 0; r == 0 && k < d.count && u->bytes < UNIT_BYTES_MAX; k++)
            r = parse_into(root_fd, directory_join(directory, d.names[k]), u);
    }
    return r;
}

/* How many aliases lead from one to the next. */
#define ALIASES_MAX 8

int unit_load(int root_fd, const char *name, struct unit *ret)
{
    char path[PATH_MAX] = "", at[NAME_MAX + 1], next[NAME_MAX + 1], model[NAME_MAX + 1];
    struct unit u = {0};
    struct stat st;
    bool null = false, found = false;
    int r = 0;

    snprintf(at, sizeof at, "%.*s", NAME_MAX, name);
    for (unsigned i = 0; i < ALIASES_MAX; i++) {
        found = !strchr(at, '/') && at[0] && at[0] != '.' && find_name(root_fd, at, path, &st);
        if (!found && template_of(at, model))
            found = find_name(root_fd, model, path, &st);
        if (!found || !S_ISLNK(st.st_mode))
            break;
        link_name(root_fd, path, next, &null);
        if (null || !next[0] || strcmp(next, at) == 0 || strcmp(next, model) == 0)
            break;
        if (template_of(at, model) && strstr(next, "@."))
            break; /* an instance of another template: the file says what it does */
        memcpy(at, next, sizeof at);
    }
    if (found) {
        u.path = strdup(path);
        u.local = text_starts_with(path, "/etc/") && !S_ISLNK(st.st_mode);
        u.load = path_stat(root_fd, path, &st) < 0 ? UNIT_DANGLING : UNIT_LOADED;
        if (null || (u.load == UNIT_LOADED && S_ISREG(st.st_mode) && st.st_size == 0))
            u.load = UNIT_MASKED;
        if (!u.path)
            r = -ENOMEM;
    }
    u.name = strdup(at);
    if (r == 0 && !u.name)
        r = -ENOMEM;
    if (r == 0 && u.load == UNIT_LOADED)
        r = parse_into(root_fd, path, &u);
    if (r == 0 && u.load != UNIT_MASKED && template_of(at, model))
        r = read_drop_ins(root_fd, model, &u);
    if (r == 0 && u.load != UNIT_MASKED)
        r = read_drop_ins(root_fd, at, &u);
    if (r < 0) {
        unit_free(&u);
        return r;
    }
    *ret = u;
    return 0;
}

void units_free(struct units *u)
{
    for (unsigned i = 0; i < u->count; i++)
        unit_free(&u->items[i]);
    free(u->items);
    free(u->links);
    *u = (struct units){.target = -1};
}

struct unit *units_find(const struct units *u, const char *name)
{
    for (unsigned i = 0; i < u->count; i++)
        if (strcmp(u->items[i].name, name) == 0)
            return &u->items[i];
    return NULL;
}

/* The index of the unit @name, which is loaded when it is new. Negative errno; -E2BIG: too many. */
static int take(struct units *u, const char *name)
{
    struct unit unit, *known = units_find(u, name), *grown;
    int r;

    if (known)
        return (int)(known - u->items);
    if (u->count == UNITS_MAX || u->bytes >= UNITS_BYTES_MAX)
        return -E2BIG;
    r = unit_load(u->root_fd, name, &unit);
    if (r < 0)
        return r;
    known = units_find(u, unit.name); /* by an alias */
    if (known) {
        unit_free(&unit);
        return (int)(known - u->items);
    }
    grown = reallocarray(u->items, u->count + 1, sizeof *grown);
    if (!grown) {
        unit_free(&unit);
        return -ENOMEM;
    }
    u->items = grown;
    grown[u->count] = unit;
    u->bytes += unit.bytes;
    return (int)u->count++;
}

static int add_link(struct units *u, enum unit_relation relation, unsigned from, unsigned to,
                    bool implied)
{
    struct unit_link *grown;

    if (from == to || u->link_count == UNIT_LINKS_MAX)
        return 0;
    if ((u->link_count & (u->link_count - 1)) == 0) { /* doubled at powers of two */
        grown = reallocarray(u->links, u->link_count ? 2 * u->link_count : 1, sizeof *grown);
        if (!grown)
            return -ENOMEM;
        u->links = grown;
    }
    u->links[u->link_count++] =
        (struct unit_link){.relation = relation, .from = from, .to = to, .implied = implied};
    return 0;
}

/* A link to a unit by name; specifiers in names are not resolved, and such a unit is passed over.
 */
static int link_to(struct units *u, enum unit_relation relation, unsigned from, const char *name,
                   bool turned, bool implied)
{
    int to = strchr(name, '%') || !strchr(name, '.') ? -E2BIG : take(u, name);

    if (to < 0)
        return to == -ENOMEM ? to : 0;
    return add_link(u, relation, turned ? (unsigned)to : from, turned ? from : (unsigned)to,
                    implied);
}

static const struct {
    const char *key;
    enum unit_relation relation;
    bool turned;
} keys[] = {
    {"Requires", UNIT_NEEDS, false},  {"BindsTo", UNIT_NEEDS, false},
    {"Requisite", UNIT_NEEDS, false}, {"Wants", UNIT_WANTS, false},
    {"Upholds", UNIT_WANTS, false},   {"After", UNIT_AFTER, false},
    {"Before", UNIT_AFTER, true},
};

static int link_settings(struct units *u, unsigned from)
{
    int r = 0;

    /* By index: taking units moves the array. */
    for (unsigned i = 0; r == 0 && i < u->items[from].file.count; i++) {
        const struct unit_setting *s = &u->items[from].file.settings[i];

        if (!s->key || strcmp(s->section, "Unit") != 0)
            continue;
        for (size_t k = 0; r == 0 && k < sizeof keys / sizeof keys[0]; k++) {
            _cleanup_free_ char *list = strcmp(s->key, keys[k].key) == 0 ? strdup(s->value) : NULL;
            char *rest = list, *word;

            while (r == 0 && u->link_count < UNIT_LINKS_MAX && (word = strsep(&rest, " \t")))
                if (*word)
                    r = link_to(u, keys[k].relation, from, word, keys[k].turned, false);
            s = &u->items[from].file.settings[i];
        }
    }
    return r;
}

static int link_directories(struct units *u, unsigned from)
{
    static const struct {
        const char *suffix;
        enum unit_relation relation;
    } kinds[] = {{"wants", UNIT_WANTS}, {"requires", UNIT_NEEDS}, {"upholds", UNIT_WANTS}};
    int r = 0;

    for (size_t i = 0; i < UNIT_DIRECTORIES; i++)
        for (size_t k = 0; r == 0 && k < sizeof kinds / sizeof kinds[0]; k++) {
            _cleanup_directory_ struct directory d = {0};
            char path[PATH_MAX];

            snprintf(path, sizeof path, "%s/%s.%s", unit_directories[i], u->items[from].name,
                     kinds[k].suffix);
            if (directory_list(u->root_fd, path, "", &d) < 0)
                continue;
            for (unsigned n = 0; r == 0 && n < d.count; n++)
                r = link_to(u, kinds[k].relation, from, d.names[n], false, false);
        }
    return r;
}

/* What a unit comes after although its file does not say so: "Default Dependencies" of
 * systemd.service(5), systemd.socket(5), systemd.timer(5), systemd.path(5). */
static const struct {
    const char *suffix, *after, *before;
    bool needs;
} implied[] = {
    {".service", "sysinit.target", NULL, true},
    {".service", "basic.target", NULL, false},
    {".socket", "sysinit.target", "sockets.target", true},
    {".timer", "sysinit.target", "timers.target", true},
    {".path", "sysinit.target", "paths.target", true},
};

static bool has_defaults(const struct unit *u)
{
    const struct unit_setting *s = unit_settings_get(&u->file, "Unit", "DefaultDependencies");

    return u->load == UNIT_LOADED && (!s || unit_boolean(s->value) != 0);
}

static int link_defaults(struct units *u, unsigned from)
{
    int r = 0;

    if (!has_defaults(&u->items[from]))
        return 0;
    for (size_t i = 0; r == 0 && i < sizeof implied / sizeof implied[0]; i++) {
        if (!text_ends_with(u->items[from].name, implied[i].suffix))
            continue;
        r = link_to(u, UNIT_AFTER, from, implied[i].after, false, true);
        if (r == 0 && implied[i].needs)
            r = link_to(u, UNIT_NEEDS, from, implied[i].after, false, true);
        if (r == 0 && implied[i].before)
            r = link_to(u, UNIT_AFTER, from, implied[i].before, true, true);
    }
    return r;
}

static bool is_after(const struct units *u, unsigned from, unsigned to)
{
    for (unsigned i = 0; i < u->link_count; i++)
        if (u->links[i].relation == UNIT_AFTER && u->links[i].from == from && u->links[i].to == to)
            return true;
    return false;
}

/* A target comes after what it pulls in, unless that says that it comes after the target
 * (systemd.target(5)). */
static int order_targets(struct units *u)
{
    unsigned count = u->link_count;
    int r = 0;

    for (unsigned i = 0; r == 0 && i < count; i++) {
        struct unit_link l = u->links[i];

        if (l.relation != UNIT_AFTER && text_ends_with(u->items[l.from].name, ".target") &&
            has_defaults(&u->items[l.from]) && has_defaults(&u->items[l.to]) &&
            !is_after(u, l.to, l.from))
            r = add_link(u, UNIT_AFTER, l.from, l.to, true);
    }
    return r;
}

/* Mark what the target pulls in, loading as it goes. */
static int follow(struct units *u)
{
    bool grew = true;
    int r = 0;

    u->items[u->target].wanted = true;
    for (unsigned i = 0; r == 0 && i < u->count && u->link_count < UNIT_LINKS_MAX; i++) {
        /* A unit that is only named in an order is loaded, but what it pulls in is not. */
        r = link_settings(u, i);
        if (r == 0)
            r = link_directories(u, i);
        if (r == 0)
            r = link_defaults(u, i);
    }
    while (grew) {
        grew = false;
        for (unsigned i = 0; i < u->link_count; i++) {
            const struct unit_link *l = &u->links[i];

            if (l->relation == UNIT_AFTER || !u->items[l->from].wanted || u->items[l->to].wanted ||
                u->items[l->to].load != UNIT_LOADED)
                continue;
            u->items[l->to].wanted = true;
            grew = true;
        }
    }
    return r;
}

int units_load(int root_fd, struct units *ret)
{
    struct units u = {.root_fd = root_fd, .target = -1};
    int r = take(&u, "default.target");

    if (r >= 0) {
        u.target = r;
        r = u.items[r].load == UNIT_LOADED ? follow(&u) : 0;
    }
    if (r == 0)
        r = order_targets(&u);
    if (r < 0) {
        units_free(&u);
        return r;
    }
    *ret = u;
    return 0;
}
