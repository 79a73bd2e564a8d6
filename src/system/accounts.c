/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/accounts.h"

#include "system/lines.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIELDS_MAX 9

static const struct {
    unsigned least, most;
} fields_of[] = {
    [ACCOUNT_PASSWD] = {7, 7},
    /* The library takes fewer (sgetspent(3) of old files); pwck(8) wants all nine. */
    [ACCOUNT_SHADOW] = {2, 9},
    [ACCOUNT_GROUP] = {4, 4},
};

/* Fields that are not there are empty. */
static unsigned split(char *line, char *fields[FIELDS_MAX + 1])
{
    unsigned count = 0;
    char *field;

    while (count <= FIELDS_MAX && (field = strsep(&line, ":")))
        fields[count++] = field;
    for (unsigned i = count; i <= FIELDS_MAX; i++)
        fields[i] = (char *)"";
    return count;
}

/* All digits, and an id that the kernel takes. */
static bool parse_id(const char *field, unsigned *ret)
{
    unsigned long value;
    char *end;

    if (*field < '0' || *field > '9')
        return false;
    errno = 0;
    value = strtoul(field, &end, 10);
    if (errno || *end || value >= 0xffffffffUL)
        return false;
    *ret = (unsigned)value;
    return true;
}

static long parse_days(char *const *fields, unsigned count, unsigned i)
{
    char *end;
    long value;

    if (i >= count || !fields[i][0])
        return -1;
    errno = 0;
    value = strtol(fields[i], &end, 10);
    return errno || *end || value < 0 ? -1 : value;
}

static bool copy(char *ret, size_t size, const char *field)
{
    return (size_t)snprintf(ret, size, "%s", field) < size;
}

static const char *parse_fields(char *const *f, unsigned count, enum account_file file,
                                struct account *ret)
{
    bool fits = copy(ret->name, sizeof ret->name, f[0]);

    if (count < fields_of[file].least)
        return "it has too few fields";
    if (count > fields_of[file].most)
        return "it has too many fields";
    if (!ret->name[0])
        return "the name is empty";
    fits = copy(ret->password, sizeof ret->password, f[1]) && fits;
    if (file == ACCOUNT_SHADOW) {
        ret->changed = parse_days(f, count, 2);
        ret->max = parse_days(f, count, 4);
        ret->inactive = parse_days(f, count, 6);
        ret->expires = parse_days(f, count, 7);
    } else if (!parse_id(f[2], &ret->id)) {
        return "its id is no number";
    }
    if (file == ACCOUNT_PASSWD) {
        if (!parse_id(f[3], &ret->gid))
            return "its group is no number";
        fits = copy(ret->home, sizeof ret->home, f[5]) && fits;
        fits = copy(ret->shell, sizeof ret->shell, f[6]) && fits;
    }
    return fits ? NULL : "a field of it is too long";
}

int accounts_parse(const char *data, size_t size, enum account_file file, struct accounts *ret)
{
    struct lines l = LINES_OF(data, size);
    char line[LINES_WIDTH], *fields[FIELDS_MAX + 1];

    *ret = (struct accounts){0};
    while (ret->count < ACCOUNTS_MAX && lines_next(&l, line)) {
        struct account *grown;

        if (!line[0] || strchr("#+-", line[0]))
            continue;
        grown = reallocarray(ret->items, ret->count + 1, sizeof *grown);
        if (!grown) {
            accounts_free(ret);
            return -ENOMEM;
        }
        ret->items = grown;
        grown += ret->count++;
        *grown = (struct account){.line = l.number};
        grown->problem = parse_fields(fields, split(line, fields), file, grown);
    }
    return 0;
}

void accounts_free(struct accounts *a)
{
    free(a->items);
    *a = (struct accounts){0};
}

const struct account *accounts_find(const struct accounts *a, const char *name)
{
    for (unsigned i = 0; i < a->count; i++)
        if (!a->items[i].problem && strcmp(a->items[i].name, name) == 0)
            return &a->items[i];
    return NULL;
}

bool account_password_is_usable(const char *password)
{
    /* crypt(5): no hash begins with "!" or "*"; an old DES one has 13 characters. */
    return !password[0] || (password[0] != '!' && password[0] != '*' &&
                            (password[0] == '$' || password[0] == '_' || strlen(password) >= 13));
}
