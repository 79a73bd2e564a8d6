/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The lines of passwd(5), shadow(5) and group(5). Pure: text in, data out; a bad line is an entry
 * with .problem set, never the end. */

#include <stdbool.h>
#include <stddef.h>

#define ACCOUNTS_MAX 8192

enum account_file { ACCOUNT_PASSWD, ACCOUNT_SHADOW, ACCOUNT_GROUP };

struct account {
    unsigned line;       /* 1-based */
    const char *problem; /* a phrase; NULL: well formed. Only .name is of use then */
    char name[64];
    char password[256];
    unsigned id, gid;           /* passwd: uid and group; group: gid in .id */
    char home[256], shell[256]; /* passwd */
    /* shadow, in days; -1: empty */
    long changed, max, inactive, expires;
};

struct accounts {
    struct account *items;
    unsigned count;
};

/* 0 or -ENOMEM. Lines of NIS ("+", "-") and comments are passed over, as the C library does. */
int accounts_parse(const char *data, size_t size, enum account_file file, struct accounts *ret);
void accounts_free(struct accounts *a);

/* The first well-formed one of that name, or NULL. */
const struct account *accounts_find(const struct accounts *a, const char *name);

/* Can somebody log in with this password field: an empty one, or a hash that is not locked? */
bool account_password_is_usable(const char *password);
