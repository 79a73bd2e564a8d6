/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/check_private.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Which checker knows which type, which begins with a look (one whose journal has to be replayed
 * does not, and recorded errors stay until one has looked with permission to write), and how fast a
 * full check reads it: measured on this project's machine with a cold cache on a virtual disk; an
 * estimate for the person, nothing depends on it.
 */
static const struct {
    const char *type;
    int (*run)(struct check *c, struct error *e);
    bool looks_first;
    unsigned megabytes_per_second;
} checkers[] = {
    {"ext2", check_ext, true, 400},     {"ext3", check_ext, true, 400},
    {"ext4", check_ext, true, 1200},    {"xfs", check_xfs, false, 2000},
    {"btrfs", check_btrfs, false, 400}, {"vfat", check_vfat, false, 400},
};

const char *check_result_name(enum check_result r)
{
    static const char *const names[] = {
        [CHECK_NOT_CHECKED] = "not-checked", [CHECK_CLEAN] = "clean",
        [CHECK_REPLAYED] = "replayed",       [CHECK_FIXED_SAFE] = "fixed",
        [CHECK_REPAIRED] = "repaired",       [CHECK_ERRORS_LEFT] = "errors-left",
        [CHECK_INTERRUPTED] = "interrupted",
    };

    return names[r];
}

unsigned check_estimate_seconds(const struct volume *v)
{
    for (size_t i = 0; i < sizeof checkers / sizeof checkers[0]; i++)
        if (strcmp(v->fs.type, checkers[i].type) == 0)
            return (unsigned)((v->size >> 20) / checkers[i].megabytes_per_second) + 1;
    return 0;
}

bool check_begins_with_look(const struct volume *v, enum check_mode mode)
{
    if ((mode != CHECK_ASK && mode != CHECK_REPAIR) || v->fs.dirty || v->fs.has_errors)
        return false;
    for (size_t i = 0; i < sizeof checkers / sizeof checkers[0]; i++)
        if (strcmp(v->fs.type, checkers[i].type) == 0)
            return checkers[i].looks_first;
    return false;
}

void check_summary(struct check *c, enum check_result result, const char *fmt, ...)
{
    va_list ap;

    c->report->result = result;
    va_start(ap, fmt);
    vsnprintf(c->report->summary, sizeof c->report->summary, fmt, ap);
    va_end(ap);
}

int check_ask(struct check *c, const char *summary, struct error *e)
{
    int answer = c->cb && c->cb->ask ? c->cb->ask(c->cb->userdata, c->volume, summary) : 0;

    if (answer == -ENOTTY)
        return 0;
    snprintf(c->asked, sizeof c->asked, "%s", summary);
    if (answer == -EINTR)
        return error_set(e, ERROR_INTERRUPTED, answer, "interrupted",
                         "interrupted; nothing was repaired");
    return answer < 0 ? error_errno(e, answer, "cannot ask whether to repair") : answer;
}

static int run(struct check *c, int (*checker)(struct check *c, struct error *e), struct error *e)
{
    int r = checker(c, e);

    c->report->shown = c->asked[0] && strcmp(c->asked, c->report->summary) == 0;
    return r;
}

int check_volume(const struct volume *v, enum check_mode mode, bool readonly,
                 const struct check_callbacks *cb, struct check_report *ret, struct error *e)
{
    struct check c = {.volume = v, .mode = mode, .readonly = readonly, .cb = cb, .report = ret};
    struct timespec now;

    *ret = (struct check_report){.result = CHECK_NOT_CHECKED};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    c.started = (unsigned)now.tv_sec;
    if (mode == CHECK_SKIP) {
        check_summary(&c, CHECK_NOT_CHECKED, "skipped");
        return 0;
    }
    for (size_t i = 0; i < sizeof checkers / sizeof checkers[0]; i++)
        if (strcmp(v->fs.type, checkers[i].type) == 0)
            return run(&c, checkers[i].run, e);
    check_summary(&c, CHECK_NOT_CHECKED, "%s file systems are not checked", v->fs.type);
    return 0;
}
