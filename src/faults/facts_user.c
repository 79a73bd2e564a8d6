/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "faults/facts_user.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "system/stat_override.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define FILES_MAX 512

/* All of them together: a hostile tree has one of PATH_CONFIG_MAX everywhere. */
#define BYTES_MAX ((size_t)64 << 20)

struct named_file {
    char *path;
    struct facts_file file;
};

struct facts_user {
    struct named_file *files[FILES_MAX];
    unsigned count;
    size_t bytes;
    struct accounts accounts[3];
    bool has_accounts[3];
};

static struct facts_user *facts(struct examination *x)
{
    if (!x->user)
        x->user = calloc(1, sizeof *x->user);
    return x->user;
}

const struct facts_file *facts_file(struct examination *x, const char *path)
{
    static const struct facts_file none = {.error = -ENOMEM};
    struct facts_user *f = facts(x);
    struct named_file *n;

    for (unsigned i = 0; f && i < f->count; i++)
        if (strcmp(f->files[i]->path, path) == 0)
            return &f->files[i]->file;
    if (!f || f->count == FILES_MAX || !(n = calloc(1, sizeof *n)))
        return &none;
    n->path = strdup(path);
    if (!n->path) {
        free(n);
        return &none;
    }
    f->files[f->count++] = n;
    n->file.error = f->bytes < BYTES_MAX
                        ? path_read(x->root_fd, path, PATH_CONFIG_MAX, &n->file.data, &n->file.size)
                        : -EFBIG;
    f->bytes += n->file.size;
    return &n->file;
}

static const struct accounts *accounts_of(struct examination *x, enum account_file which)
{
    static const char *const paths[] = {"/etc/passwd", "/etc/shadow", "/etc/group"};
    static const struct accounts none;
    struct facts_user *f = facts(x);
    const struct facts_file *file;

    if (!f)
        return &none;
    if (!f->has_accounts[which]) {
        file = facts_file(x, paths[which]);
        if (file->data)
            (void)accounts_parse(file->data, file->size, which, &f->accounts[which]);
        f->has_accounts[which] = true;
    }
    return &f->accounts[which];
}

const struct accounts *facts_passwd(struct examination *x)
{
    return accounts_of(x, ACCOUNT_PASSWD);
}

const struct accounts *facts_shadow(struct examination *x)
{
    return accounts_of(x, ACCOUNT_SHADOW);
}

const struct accounts *facts_group(struct examination *x)
{
    return accounts_of(x, ACCOUNT_GROUP);
}

bool facts_has_program(const struct examination *x, const char *path)
{
    struct stat st;

    return path_stat(x->root_fd, path, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 0111);
}

bool facts_has(const struct examination *x, const char *path)
{
    return path_exists(x->root_fd, path) == 1;
}

int facts_lstat(const struct examination *x, const char *path, struct stat *ret)
{
    _cleanup_fd_ int fd = path_open(x->root_fd, path, O_PATH | O_NOFOLLOW);

    if (fd < 0)
        return fd;
    return fstat(fd, ret) < 0 ? -errno : 0;
}

bool facts_readlink(const struct examination *x, const char *path, char *ret, size_t size)
{
    _cleanup_fd_ int fd = path_open(x->root_fd, path, O_PATH | O_NOFOLLOW);
    ssize_t n = fd < 0 ? -1 : readlinkat(fd, "", ret, size - 1);

    if (n <= 0)
        return false;
    ret[n] = '\0';
    return true;
}

bool facts_is_overridden(struct examination *x, const char *path)
{
    const struct facts_file *file = facts_file(x, "/var/lib/dpkg/statoverride");

    if (!file->data)
        return false;
    /* "/bin/su" stayed there when /bin became a link. */
    return stat_override_names(file->data, file->size, path) ||
           (x->system->merged_usr && text_starts_with(path, "/usr/") &&
            stat_override_names(file->data, file->size, path + strlen("/usr")));
}

bool facts_is_machine(const struct examination *x)
{
    return x->running || x->disk_count > 0 || x->system->kernel_count > 0;
}

bool facts_is_full_system(const struct examination *x)
{
    return x->system->init == INIT_SYSTEMD || x->system->init == INIT_SYSVINIT ||
           x->system->init == INIT_OPENRC || x->system->init == INIT_BROKEN;
}

void facts_user_free(struct facts_user *f)
{
    if (!f)
        return;
    for (unsigned i = 0; i < f->count; i++) {
        free(f->files[i]->path);
        free(f->files[i]->file.data);
        free(f->files[i]);
    }
    for (unsigned i = 0; i < 3; i++)
        accounts_free(&f->accounts[i]);
    free(f);
}
