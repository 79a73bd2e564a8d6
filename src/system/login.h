/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One user of a tree, as login(1) would make its process: ids, groups, home and shell, from the
 * tree's own passwd(5) and group(5). */

#include <sys/types.h>

#define LOGIN_GROUPS_MAX 64

struct login {
    char name[64], home[256], shell[256];
    uid_t uid;
    gid_t gid;
    gid_t groups[LOGIN_GROUPS_MAX]; /* further ones; more than these are left out */
    unsigned group_count;
};

/* Look @user up (a name, or a number) in the contents of the two files. Pure. 0; -ESRCH when there
 * is no such user, or its line is no entry. */
int login_from_text(const char *passwd, const char *group, const char *user, struct login *ret);

/* The same in the tree @root_fd. Also a negative errno of reading /etc/passwd. */
int login_find(int root_fd, const char *user, struct login *ret);
