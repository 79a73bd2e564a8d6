/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/login.h"

#include "base/fd.h"
#include "base/path.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIELDS_MAX 7

struct field {
    const char *text;
    size_t size;
};

/* Cut the line at *@text into fields, and move on to the next line. How many; 0 for an empty line.
 */
static unsigned cut_line(const char **text, struct field *fields)
{
    size_t length = strcspn(*text, "\n");
    const char *at = *text, *end = at + length;
    unsigned count = 0;

    *text = *end ? end + 1 : end;
    while (at < end && count < FIELDS_MAX) {
        size_t size = 0;

        while (at + size < end && (at[size] != ':' || count == FIELDS_MAX - 1))
            size++;
        fields[count++] = (struct field){at, size};
        at += size;
        if (at < end)
            at++; /* the colon */
        if (at == end && end[-1] == ':' && count < FIELDS_MAX)
            fields[count++] = (struct field){end, 0};
    }
    return count;
}

static bool equals(const struct field *f, const char *text)
{
    return strlen(text) == f->size && memcmp(f->text, text, f->size) == 0;
}

/* A decimal id; (uid_t)-1 stands for none (setresuid(2)). */
static int read_id(const struct field *f, unsigned *ret)
{
    unsigned long long value = 0;

    if (f->size == 0 || f->size > 10)
        return -EINVAL;
    for (size_t i = 0; i < f->size; i++) {
        if (f->text[i] < '0' || f->text[i] > '9')
            return -EINVAL;
        value = value * 10 + (unsigned)(f->text[i] - '0');
    }
    if (value >= 0xffffffff)
        return -EINVAL;
    *ret = (unsigned)value;
    return 0;
}

static bool copy(char *ret, size_t size, const struct field *f)
{
    return (size_t)snprintf(ret, size, "%.*s", (int)f->size, f->text) < size;
}

static bool is_member(const struct field *list, const char *name)
{
    size_t length = strlen(name);

    for (size_t i = 0; i < list->size; i++) {
        const char *at = list->text + i;
        size_t rest = list->size - i;

        if ((i == 0 || at[-1] == ',') && rest >= length && memcmp(at, name, length) == 0 &&
            (rest == length || at[length] == ','))
            return true;
    }
    return false;
}

static void add_groups(const char *group, struct login *l)
{
    struct field f[FIELDS_MAX];
    unsigned gid;

    while (*group && l->group_count < LOGIN_GROUPS_MAX)
        if (cut_line(&group, f) >= 4 && is_member(&f[3], l->name) && read_id(&f[2], &gid) == 0)
            l->groups[l->group_count++] = gid;
}

int login_from_text(const char *passwd, const char *group, const char *user, struct login *ret)
{
    const struct field wanted = {user, strlen(user)};
    unsigned number = 0, uid, gid;
    bool by_number = read_id(&wanted, &number) == 0;

    while (*passwd) {
        struct field f[FIELDS_MAX];
        struct login l = {.group_count = 0};

        if (cut_line(&passwd, f) < FIELDS_MAX || !f[0].size || read_id(&f[2], &uid) < 0 ||
            read_id(&f[3], &gid) < 0)
            continue;
        if (!equals(&f[0], user) && !(by_number && uid == number))
            continue;
        if (!copy(l.name, sizeof l.name, &f[0]) || !copy(l.home, sizeof l.home, &f[5]) ||
            !copy(l.shell, sizeof l.shell, &f[6]))
            continue;
        l.uid = uid;
        l.gid = gid;
        add_groups(group, &l);
        *ret = l;
        return 0;
    }
    return -ESRCH;
}

int login_find(int root_fd, const char *user, struct login *ret)
{
    _cleanup_free_ char *passwd = NULL, *group = NULL;
    int r = path_read(root_fd, "/etc/passwd", PATH_CONFIG_MAX, &passwd, NULL);

    if (r < 0)
        return r;
    (void)path_read(root_fd, "/etc/group", PATH_CONFIG_MAX, &group, NULL);
    return login_from_text(passwd, group ? group : "", user, ret);
}
