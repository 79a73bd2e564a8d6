/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "faults/access.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "faults/facts_user.h"
#include "faults/remedies.h"
#include "system/lines.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECONDS_A_DAY 86400
#define FIELDS        9

const char *access_hash_prefix(struct examination *x)
{
    static const char *const files[] = {"/etc/pam.d/common-password", "/etc/pam.d/system-auth",
                                        "/etc/pam.d/passwd", "/etc/login.defs"};

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        const struct facts_file *file = facts_file(x, files[i]);
        struct lines l = LINES_OF(file->data, file->size);
        char line[LINES_WIDTH];

        while (file->data && lines_next(&l, line)) {
            const char *text = lines_strip(line);

            if (text_starts_with(text, "password") && strstr(text, "yescrypt"))
                return "$y$";
            if (text_starts_with(text, "ENCRYPT_METHOD") && strcasestr(text, "yescrypt"))
                return "$y$";
        }
    }
    return "$6$";
}

/* The line of @user in a file of accounts, split; @copy holds it. */
struct account_line {
    char copy[LINES_WIDTH];
    char *fields[FIELDS];
    unsigned number, count;
};

static int find_line(struct changes *c, const char *path, const char *user,
                     struct account_line *ret)
{
    _cleanup_free_ char *data = NULL;
    size_t size, length = strlen(user);
    struct lines l;
    int r = changes_read(c, path, &data, &size);

    if (r < 0)
        return r;
    l = LINES_OF(data, size);
    while (lines_next(&l, ret->copy)) {
        char *rest = ret->copy, *field;

        if (strncmp(ret->copy, user, length) != 0 || ret->copy[length] != ':' ||
            l.length >= LINES_WIDTH)
            continue;
        ret->number = l.number;
        ret->count = 0;
        while (ret->count < FIELDS && (field = strsep(&rest, ":")))
            ret->fields[ret->count++] = field;
        return rest ? -EBADMSG : 0;
    }
    return -ENOENT;
}

static int write_line(struct changes *c, const char *path, const struct account_line *line)
{
    _cleanup_text_ struct text t = TEXT_INIT(2 * LINES_WIDTH);

    for (unsigned i = 0; i < line->count; i++)
        (void)text_appendf(&t, "%s%s", i ? ":" : "", line->fields[i]);
    return t.failed ? t.failed : changes_replace_line(c, path, line->number, t.data);
}

/* The fields of shadow(5) that keep somebody out. */
static void let_in(struct account_line *line, char today[24])
{
    static char empty[] = "";

    snprintf(today, 24, "%ld", (long)(time(NULL) / SECONDS_A_DAY));
    if (line->count > 2)
        line->fields[2] = today;
    if (line->count > 7)
        line->fields[7] = empty;
}

static bool in_shadow(const struct account_line *passwd)
{
    return passwd->count > 1 && strcmp(passwd->fields[1], "x") == 0;
}

static int no_account(struct error *e, int r, const char *user, const char *path)
{
    if (r == -ENOENT)
        return error_set(e, ERROR_FAILED, r, "no-such-user", "%s has no account %s", path,
                         text_safe(user));
    return error_errno(e, r, "reading %s", path);
}

int access_set_root_password(struct examination *x, struct changes *c, const char *hash,
                             struct error *e)
{
    struct account_line line;
    const char *path = "/etc/passwd";
    char today[24], *copy = strdup(hash);
    int r = copy ? find_line(c, path, "root", &line) : -ENOMEM;

    if (r == 0 && in_shadow(&line)) {
        path = "/etc/shadow";
        r = find_line(c, path, "root", &line);
    }
    if (r == 0) {
        line.fields[1] = copy;
        if (strcmp(path, "/etc/shadow") == 0)
            let_in(&line, today);
        r = write_line(c, path, &line);
    }
    free(copy);
    return r < 0 ? no_account(e, r, "root", path) : 0;
}

int access_unlock(struct examination *x, struct changes *c, const char *user, struct error *e)
{
    struct account_line line;
    const char *path = "/etc/passwd";
    char today[24];
    int r = find_line(c, path, user, &line);

    if (r == 0 && in_shadow(&line)) {
        path = "/etc/shadow";
        r = find_line(c, path, user, &line);
    }
    if (r < 0)
        return no_account(e, r, user, path);
    if (line.count < 2 || line.fields[1][strspn(line.fields[1], "!")] == '\0' ||
        line.fields[1][0] == '*') {
        (void)error_set(e, ERROR_REFUSED, -ENODATA, "no-password",
                        "%s has no password that could be unlocked", text_safe(user));
        return strcmp(user, "root") == 0
                   ? error_advise(e, "give it one: --root-password")
                   : error_advise(e, "give it a key: --ssh-key=%s:FILE", text_safe(user));
    }
    line.fields[1] += strspn(line.fields[1], "!");
    if (strcmp(path, "/etc/shadow") == 0)
        let_in(&line, today);
    r = write_line(c, path, &line);
    return remedy_planned(r, path, e);
}

/* authorized_keys(5): options may come first; then one of these. */
static bool is_public_key(const char *line)
{
    static const char *const types[] = {"ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-"};

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        const char *at = strstr(line, types[i]);

        if (at && (at == line || at[-1] == ' ') && strstr(at, " AAAA"))
            return true;
    }
    return false;
}

static bool has_line(const char *data, size_t size, const char *wanted)
{
    struct lines l = LINES_OF(data, size);
    char line[LINES_WIDTH];

    while (lines_next(&l, line))
        if (strcmp(line, wanted) == 0)
            return true;
    return false;
}

static int add_keys(struct changes *c, const char *path, const char *keys, size_t keys_size,
                    unsigned *ret_count)
{
    _cleanup_free_ char *data = NULL;
    struct lines l = LINES_OF(keys, keys_size);
    char line[LINES_WIDTH];
    size_t size = 0;
    int r = changes_read(c, path, &data, &size);

    *ret_count = 0;
    if (r == -ENOENT)
        r = 0;
    while (r == 0 && lines_next(&l, line)) {
        line[strcspn(line, "\r")] = '\0';
        if (!is_public_key(line) || l.length >= LINES_WIDTH)
            continue;
        (*ret_count)++;
        if (!data || !has_line(data, size, line))
            r = changes_append_line(c, path, line, 0600);
    }
    return r;
}

/* sshd's StrictModes: see faults/ssh.c. Links are not followed: a home is its user's to fill. */
static int set_owner(struct examination *x, struct changes *c, const char *path, mode_t mode,
                     const struct account *a)
{
    struct stat st;
    int r = facts_lstat(x, path, &st);

    if (r == 0 && S_ISLNK(st.st_mode))
        return -ELOOP;
    if (r == 0 && st.st_uid == a->id && !(st.st_mode & 0022))
        return 0;
    if (r < 0 && r != -ENOENT)
        return r;
    return changes_mode(c, path, r == 0 ? st.st_mode & 07755 : mode, (uid_t)a->id, (gid_t)a->gid);
}

int access_add_ssh_key(struct examination *x, struct changes *c, const char *user, const char *data,
                       size_t size, struct error *e)
{
    const struct account *a = accounts_find(facts_passwd(x), user);
    char directory[PATH_MAX], path[PATH_MAX];
    unsigned count = 0;
    int r = 0;

    if (!a || a->home[0] != '/')
        return no_account(e, -ENOENT, user, "/etc/passwd");
    if (memmem(data, size, "PRIVATE KEY", strlen("PRIVATE KEY")))
        return error_set(e, ERROR_USAGE, -EINVAL, "private-key",
                         "that is a private key, which stays with its owner: name the file that "
                         "ends in .pub");
    if (!facts_has(x, a->home))
        return error_set(e, ERROR_FAILED, -ENOENT, "no-home",
                         "%s has no home directory: %s is missing", text_safe(user),
                         text_safe(a->home));
    snprintf(directory, sizeof directory, "%s/.ssh", strcmp(a->home, "/") == 0 ? "" : a->home);
    snprintf(path, sizeof path, "%.4000s/authorized_keys", directory);
    if (!facts_has(x, directory))
        r = changes_directory(c, directory, 0700);
    if (r == 0)
        r = set_owner(x, c, directory, 0700, a);
    if (r == 0)
        r = add_keys(c, path, data, size, &count);
    if (r == 0 && count == 0)
        return error_set(e, ERROR_USAGE, -EINVAL, "no-key", "there is no public key of ssh in it");
    if (r == 0)
        r = set_owner(x, c, path, 0600, a);
    return remedy_planned(r, path, e);
}
