/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/repair_access.h"

#include "base/fd.h"
#include "base/text.h"
#include "faults/access.h"
#include "terminal/ui.h"

#include <crypt.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define KEY_FILE_MAX ((size_t)64 << 10)

/* The first line of @fd, without its end. */
static int read_password(int fd, char *ret, size_t size)
{
    size_t used = 0;
    ssize_t n;

    while (used + 1 < size && (n = read(fd, ret + used, size - 1 - used)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        used += (size_t)n;
    }
    ret[used] = '\0';
    ret[strcspn(ret, "\r\n")] = '\0';
    return ret[0] ? 0 : -ENODATA;
}

static int read_password_file(const char *path, struct repair_access *a, struct error *e)
{
    bool standard = strcmp(path, "-") == 0;
    _cleanup_fd_ int fd =
        standard ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    int r = fd < 0 ? -errno : read_password(fd, a->password, sizeof a->password);

    if (r == -ENODATA)
        return error_set(e, ERROR_USAGE, r, "no-password", "%s holds no password",
                         standard ? "standard input" : text_safe(path));
    return r < 0 ? error_set(e, ERROR_USAGE, r, "no-password", "cannot read the password in %s: %s",
                             standard ? "standard input" : text_safe(path), strerror(-r))
                 : 0;
}

static int read_key(const char *value, struct repair_access *a, struct error *e)
{
    const char *path = strchr(value, ':') + 1;
    _cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    int r = fd < 0 ? -errno : fd_read_all(fd, KEY_FILE_MAX, &a->key, &a->key_size);

    snprintf(a->user, sizeof a->user, "%.*s", (int)(path - 1 - value), value);
    return r < 0 ? error_set(e, ERROR_USAGE, r, "no-key", "cannot read the key %s: %s",
                             text_safe(path), strerror(-r))
                 : 0;
}

int repair_access_read(const struct options *o, struct repair_access *ret, struct error *e)
{
    int r = 0;

    ret->wanted = o->root_password || o->unlock || o->ssh_key;
    if (o->root_password && o->root_password[0])
        r = read_password_file(o->root_password, ret, e);
    if (r == 0 && o->root_password && !o->root_password[0] && !ui_can_ask())
        r = error_set(e, ERROR_REFUSED, -ENOTTY, "no-terminal",
                      "there is no terminal to ask for the password at: --root-password=FILE reads "
                      "it, - from standard input");
    if (r == 0 && o->ssh_key)
        r = read_key(o->ssh_key, ret, e);
    return r;
}

static int ask_password(struct repair_access *a, struct error *e)
{
    char again[sizeof a->password];
    int r = 0, same = 1;

    do {
        if (!same)
            ui_note("These were two different ones.");
        r = ui_passphrase("New password for root:", a->password, sizeof a->password);
        if (r > 0)
            r = ui_passphrase("The same again:", again, sizeof again);
        same = r > 0 && strcmp(a->password, again) == 0;
        explicit_bzero(again, sizeof again);
    } while (r > 0 && !same);
    if (r > 0)
        return 0;
    return error_set(e, r == 0 ? ERROR_REFUSED : ERROR_INTERRUPTED, -ECANCELED, "declined",
                     "no password was given; nothing was changed");
}

static int hash_password(struct repair_access *a, struct examination *x, struct error *e)
{
    struct crypt_data data = {0};
    char salt[CRYPT_GENSALT_OUTPUT_SIZE];
    const char *hash;

    if (!crypt_gensalt_rn(access_hash_prefix(x), 0, NULL, 0, salt, sizeof salt))
        return error_errno(e, -errno, "making a salt");
    hash = crypt_rn(a->password, salt, &data, sizeof data);
    if (!hash)
        return error_errno(e, -errno, "hashing the password");
    snprintf(a->hash, sizeof a->hash, "%s", hash);
    explicit_bzero(&data, sizeof data);
    return 0;
}

static int set_password(struct repair_access *a, struct examination *x, struct changes *c,
                        struct error *e)
{
    int r = a->hash[0] || a->password[0] ? 0 : ask_password(a, e);

    if (r == 0 && !a->hash[0])
        r = hash_password(a, x, e);
    return r < 0 ? r : access_set_root_password(x, c, a->hash, e);
}

int repair_access_plan(const struct options *o, struct repair_access *a, struct examination *x,
                       struct changes *c, struct error *e)
{
    int r = 0;

    if (o->root_password)
        r = set_password(a, x, c, e);
    if (r == 0 && o->unlock)
        r = access_unlock(x, c, o->unlock, e);
    if (r == 0 && o->ssh_key)
        r = access_add_ssh_key(x, c, a->user, a->key, a->key_size, e);
    return r;
}

int repair_access_describe(const struct options *o, struct text *out)
{
    return o->root_password
               ? text_appendf(out, "root: a new password (hashes are not shown: \"...\")\n")
               : 0;
}

void repair_access_say(const struct options *o, const struct repair_access *a)
{
    if (o->root_password)
        ui_note("root has the new password.");
    if (o->unlock)
        ui_note("The account %s is unlocked.", text_safe(o->unlock));
    if (o->ssh_key)
        ui_note("The key lets %s in by ssh.", text_safe(a->user));
}

void repair_access_free(struct repair_access *a)
{
    explicit_bzero(a->password, sizeof a->password);
    explicit_bzero(a->hash, sizeof a->hash);
    free(a->key);
    a->key = NULL;
}
