/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/sessions_of.h"

#include "base/shell_word.h"
#include "base/text.h"
#include "session/journal.h"
#include "storage/sysfs.h"
#include "storage/undo.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SESSIONS_MAX 256

static dev_t whole_disk(dev_t devno)
{
    unsigned number;
    dev_t disk;

    return sysfs_parent(devno, &disk, &number) == 0 ? disk : devno;
}

struct same {
    struct stat wanted;
    bool found;
};

static int compare(void *userdata, const char *target)
{
    struct same *same = userdata;
    struct stat st;

    if (stat(target, &st) < 0)
        return 0;
    same->found = S_ISBLK(st.st_mode)
                      ? S_ISBLK(same->wanted.st_mode) &&
                            whole_disk(st.st_rdev) == whole_disk(same->wanted.st_rdev)
                      : st.st_dev == same->wanted.st_dev && st.st_ino == same->wanted.st_ino;
    return same->found;
}

static bool is_open(const struct journal_session *s)
{
    return (s->alive || s->kept) && s->pid != getpid();
}

static bool uses(const struct journal_session *s, const char *target)
{
    struct same same = {.found = false};

    if (!is_open(s) || stat(target, &same.wanted) < 0)
        return false;
    (void)journal_targets(s->id, compare, &same);
    return same.found;
}

static const char *name_of(const struct journal_session *s)
{
    return text_safe(s->name[0] ? s->name : s->id);
}

static void describe(const struct journal_session *s, char *ret, size_t size)
{
    if (s->kept)
        snprintf(ret, size, "mounted on %s by unbrick", text_safe(s->mount));
    else
        snprintf(ret, size, "open in the session %s of unbrick (%s)", name_of(s), s->id);
}

static int explain(const struct journal_session *s, const char *target, struct error *e)
{
    const char *name = name_of(s);

    if (s->kept) {
        (void)error_set(e, ERROR_REFUSED, e->code, "in-use",
                        "%s is in use: unbrick has mounted it on %s", text_safe(target),
                        text_safe(s->mount));
        return error_advise(e, "unbrick umount %s", shell_word(s->mount));
    }
    (void)error_set(e, ERROR_REFUSED, e->code, "in-use",
                    "%s is in use: it is open in the session %s of unbrick (%s)", text_safe(target),
                    name, s->id);
    return error_advise(e, "join that: unbrick enter %s; or end it: unbrick stop %s",
                        shell_word(name), shell_word(name));
}

/* The first that uses it. */
static bool find_session(const char *target, struct journal_session *ret)
{
    struct journal_session *all = calloc(SESSIONS_MAX, sizeof *all);
    int count = all ? journal_sessions(all, SESSIONS_MAX) : 0;
    bool found = false;

    for (int i = 0; i < count && !found; i++) {
        found = uses(&all[i], target);
        if (found)
            *ret = all[i];
    }
    free(all);
    return found;
}

int sessions_of_explain(const char *target, struct error *e)
{
    struct journal_session session;

    return find_session(target, &session) ? explain(&session, target, e) : e->code;
}

bool sessions_of_describe(const char *target, char *ret, size_t size)
{
    struct journal_session session;
    bool found = find_session(target, &session);

    if (found)
        describe(&session, ret, size);
    return found;
}

struct made {
    const char *node;
    bool found;
};

static int is_made(void *userdata, const char *record)
{
    struct made *m = userdata;

    m->found = text_starts_with(record, UNDO_LOOP) && text_starts_with(m->node, "/dev/") &&
               strcmp(record + strlen(UNDO_LOOP), m->node + strlen("/dev/")) == 0;
    return m->found;
}

/* Written down before it was tried: that it goes by itself (as ours do, loop.h) tells it from a
 * device that somebody else was faster to take. */
static bool is_left_mounted(const char *node, const struct journal_session *all, int count)
{
    struct made made = {.node = node};
    struct stat st;

    for (int i = 0; i < count && !made.found; i++)
        if (all[i].kept)
            (void)journal_storage(all[i].id, is_made, &made);
    return made.found && stat(node, &st) == 0 && sysfs_number(st.st_rdev, "loop/autoclear");
}

int sessions_of_leave_out(char (*paths)[128], int count)
{
    struct journal_session *all = calloc(SESSIONS_MAX, sizeof *all);
    int sessions = all ? journal_sessions(all, SESSIONS_MAX) : 0, left = 0;

    for (int i = 0; i < count; i++) {
        if (is_left_mounted(paths[i], all, sessions))
            continue;
        if (left < i)
            memcpy(paths[left], paths[i], sizeof *paths);
        left++;
    }
    free(all);
    return left;
}

int sessions_of_targets(int (*visit)(void *userdata, const char *target), void *userdata)
{
    struct journal_session *all = calloc(SESSIONS_MAX, sizeof *all);
    int count = all ? journal_sessions(all, SESSIONS_MAX) : -ENOMEM, r = count < 0 ? count : 0;

    for (int i = 0; r == 0 && i < count; i++)
        if (is_open(&all[i]))
            r = journal_targets(all[i].id, visit, userdata);
    free(all);
    return r;
}
