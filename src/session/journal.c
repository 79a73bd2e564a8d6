/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/journal.h"

#include "base/fd.h"
#include "base/text.h"
#include "container/cgroup.h"
#include "storage/host_mounts.h"
#include "session/foreign.h"
#include "session/scratch.h"
#include "storage/udev.h"
#include "storage/undo.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

/* A journal has a handful of lines; this is a fence against a file that is none of ours. */
#define JOURNAL_SIZE_MAX 65536

static const char *const kind_words[] = {
    [JOURNAL_TARGET] = "target",   [JOURNAL_NAME] = "name",         [JOURNAL_CGROUP] = "cgroup",
    [JOURNAL_MOUNT] = "mount",     [JOURNAL_KEEP] = "keep",         [JOURNAL_STORAGE] = "storage",
    [JOURNAL_SCRATCH] = "scratch", [JOURNAL_EMULATOR] = "emulator",
};

static int make_dir(const char *path, struct error *e)
{
    if (mkdir(path, 0700) == 0 || errno == EEXIST)
        return 0;
    return error_set(e, ERROR_HOST, -errno, "run-not-writable", "cannot make %s: %s", path,
                     strerror(errno));
}

int journal_begin(struct journal *ret, struct error *e)
{
    struct journal j = {.fd = -1, .lock_fd = -1};
    char path[96];
    int r;

    r = make_dir(JOURNAL_DIR, e);
    if (r < 0)
        return r;
    snprintf(j.dir, sizeof j.dir, JOURNAL_DIR "/%d", (int)getpid());
    snprintf(j.mount_dir, sizeof j.mount_dir, "%s/mnt", j.dir);
    r = make_dir(j.dir, e);
    if (r < 0)
        return r;
    snprintf(path, sizeof path, "%s/lock", j.dir);
    j.lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (j.lock_fd < 0 || flock(j.lock_fd, LOCK_EX | LOCK_NB) < 0) {
        r = error_errno(e, -errno, "cannot lock %s", path);
        fd_close(j.lock_fd);
        return r;
    }
    snprintf(path, sizeof path, "%s/journal", j.dir);
    j.fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (j.fd < 0) {
        r = error_errno(e, -errno, "cannot write %s", path);
        fd_close(j.lock_fd);
        return r;
    }
    *ret = j;
    return 0;
}

int journal_record(struct journal *j, enum journal_kind kind, const char *value)
{
    _cleanup_text_ struct text line = TEXT_INIT(8192);

    if (strchr(value, '\n'))
        return -EINVAL;
    (void)text_appendf(&line, "%s\t%s\n", kind_words[kind], value);
    return line.failed ? line.failed : fd_write_all(j->fd, line.data, line.size);
}

static void remove_session_dir(const char *dir)
{
    static const char *const names[] = {"journal", "socket", "machine-id", "inittab", "lock"};
    char path[128];

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        (void)unlink(path);
    }
    udev_forget(strrchr(dir, '/') + 1);
    snprintf(path, sizeof path, "%s/mnt", dir);
    (void)rmdir(path);
    (void)rmdir(dir);
    (void)rmdir(JOURNAL_DIR); /* fails while another session is open */
}

void journal_leave(struct journal *j)
{
    j->fd = fd_close(j->fd);
    j->lock_fd = fd_close(j->lock_fd);
}

void journal_end(struct journal *j)
{
    if (!j->dir[0])
        return;
    remove_session_dir(j->dir);
    journal_leave(j);
    j->dir[0] = '\0';
}

/* Calls @each for every record, first written first. Stops at its first non-zero answer. */
static int for_each_record(const char *id, int (*each)(void *, enum journal_kind, const char *),
                           void *userdata)
{
    _cleanup_free_ char *data = NULL;
    char path[96];
    int r;

    snprintf(path, sizeof path, JOURNAL_DIR "/%s/journal", id);
    r = file_read(path, JOURNAL_SIZE_MAX, &data, NULL);
    if (r < 0)
        return r;
    for (char *line = data, *end; *line; line = end + 1) {
        char *tab;

        end = strchr(line, '\n');
        if (!end)
            break; /* a torn last line: what it names was not made yet */
        *end = '\0';
        tab = strchr(line, '\t');
        if (!tab)
            continue;
        *tab = '\0';
        for (size_t k = 0; k < sizeof kind_words / sizeof kind_words[0]; k++) {
            if (strcmp(line, kind_words[k]) == 0) {
                r = each(userdata, (enum journal_kind)k, tab + 1);
                if (r != 0)
                    return r;
            }
        }
    }
    return 0;
}

static int fill_session(void *userdata, enum journal_kind kind, const char *value)
{
    struct journal_session *s = userdata;
    size_t used = strlen(s->target);

    switch (kind) {
    case JOURNAL_TARGET:
        snprintf(s->target + used, sizeof s->target - used, "%s%s", used ? " " : "", value);
        break;
    case JOURNAL_NAME:
        snprintf(s->name, sizeof s->name, "%s", value);
        break;
    case JOURNAL_MOUNT:
        snprintf(s->mount, sizeof s->mount, "%s", value);
        break;
    case JOURNAL_KEEP:
        s->kept = true;
        break;
    case JOURNAL_CGROUP:
    case JOURNAL_STORAGE:
    case JOURNAL_SCRATCH:
    case JOURNAL_EMULATOR:
        break;
    }
    return 0;
}

static bool is_locked(const char *id)
{
    char path[96];
    _cleanup_fd_ int fd = -1;

    snprintf(path, sizeof path, JOURNAL_DIR "/%s/lock", id);
    fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    return fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK;
}

int journal_sessions(struct journal_session *ret, unsigned max)
{
    DIR *dir = opendir(JOURNAL_DIR);
    unsigned count = 0;

    if (!dir)
        return errno == ENOENT ? 0 : -errno;
    for (struct dirent *d; (d = readdir(dir)) && count < max;) {
        struct journal_session s = {0};

        if (strspn(d->d_name, "0123456789") != strlen(d->d_name) ||
            strlen(d->d_name) >= sizeof s.id)
            continue;
        snprintf(s.id, sizeof s.id, "%.23s", d->d_name);
        s.pid = (pid_t)strtol(s.id, NULL, 10);
        s.alive = is_locked(s.id);
        (void)for_each_record(s.id, fill_session, &s);
        ret[count++] = s;
    }
    closedir(dir);
    return (int)count;
}

struct visitor {
    enum journal_kind kind;
    int (*each)(void *userdata, const char *value);
    void *userdata;
};

static int visit(void *userdata, enum journal_kind kind, const char *value)
{
    const struct visitor *v = userdata;

    return kind == v->kind ? v->each(v->userdata, value) : 0;
}

int journal_targets(const char *id, int (*each)(void *userdata, const char *path), void *userdata)
{
    struct visitor v = {.kind = JOURNAL_TARGET, .each = each, .userdata = userdata};

    return for_each_record(id, visit, &v);
}

int journal_storage(const char *id, int (*each)(void *userdata, const char *record), void *userdata)
{
    struct visitor v = {.kind = JOURNAL_STORAGE, .each = each, .userdata = userdata};

    return for_each_record(id, visit, &v);
}

/* Undoing goes backwards, reading goes forwards: collect first. */
struct undo_list {
    struct {
        enum journal_kind kind;
        char *value;
    } items[256];
    unsigned count;
};

static int collect_undo(void *userdata, enum journal_kind kind, const char *value)
{
    struct undo_list *list = userdata;

    if (kind != JOURNAL_CGROUP && kind != JOURNAL_MOUNT && kind != JOURNAL_STORAGE &&
        kind != JOURNAL_SCRATCH && kind != JOURNAL_EMULATOR)
        return 0;
    if (list->count == sizeof list->items / sizeof list->items[0])
        return -E2BIG;
    list->items[list->count].kind = kind;
    list->items[list->count].value = strdup(value);
    if (!list->items[list->count].value)
        return -ENOMEM;
    list->count++;
    return 0;
}

/* A mapping is free as soon as the last mount namespace with its mount in it is gone. */
#define ASSEMBLED_WAIT_MS 2000

static int undo_one(const char *id, enum journal_kind kind, const char *value, struct error *e)
{
    if (kind == JOURNAL_CGROUP)
        return cgroup_remove_tree(value, e);
    if (kind == JOURNAL_SCRATCH)
        return scratch_remove(value, e);
    if (kind == JOURNAL_EMULATOR)
        return foreign_forget(value, e);
    if (kind != JOURNAL_STORAGE)
        return host_umount_tree(value, e);
    /* udevd is to see what becomes the host's again. */
    if (undo_gives_back(value))
        udev_forget(id);
    return undo_record(value, ASSEMBLED_WAIT_MS, e);
}

int journal_undo(const char *id, struct error *e)
{
    struct undo_list list = {.count = 0};
    char dir[64], path[96];
    _cleanup_fd_ int lock = -1;
    int r, failed = 0;

    snprintf(dir, sizeof dir, JOURNAL_DIR "/%s", id);
    snprintf(path, sizeof path, "%s/lock", dir);
    lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (lock < 0)
        return errno == ENOENT ? 0 : error_errno(e, -errno, "cannot open %s", path);
    while (flock(lock, LOCK_EX) < 0 && errno == EINTR)
        ;
    r = for_each_record(id, collect_undo, &list);
    if (r < 0 && r != -ENOENT)
        failed = error_errno(e, r, "cannot read %s/journal", dir);
    for (unsigned i = list.count; i-- > 0;) {
        r = undo_one(id, list.items[i].kind, list.items[i].value, failed ? NULL : e);
        if (r < 0 && !failed)
            failed = r;
        free(list.items[i].value);
    }
    if (!failed)
        remove_session_dir(dir);
    return failed;
}

/* More at once were left by no crash that we know of. */
#define STALE_MAX 64

void journal_undo_stale(void)
{
    struct journal_session *sessions = calloc(STALE_MAX, sizeof *sessions);
    int count = sessions ? journal_sessions(sessions, STALE_MAX) : 0;

    for (int i = 0; i < count; i++)
        if (!sessions[i].alive && !sessions[i].kept)
            (void)journal_undo(sessions[i].id, NULL);
    free(sessions);
}
