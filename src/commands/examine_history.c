/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"
#include "commands/examine.h"

#include <stdio.h>
#include <string.h>

/* So many events are shown; the rest is counted. */
#define SHOWN 6

static const char *date(time_t when, char buf[40])
{
    struct tm tm;

    if (!localtime_r(&when, &tm) || strftime(buf, 40, "%e %b %Y, %H:%M", &tm) == 0)
        buf[0] = '\0';
    return buf + strspn(buf, " ");
}

static const char *day(time_t when, char buf[40])
{
    struct tm tm;

    if (!localtime_r(&when, &tm) || strftime(buf, 40, "%e %b", &tm) == 0)
        buf[0] = '\0';
    return buf + strspn(buf, " ");
}

/* The last ones, newest first: the cause is more often among them. Several of one day share the
 * date. */
static void describe_events(const struct history *h, struct text *out)
{
    char now[40], before[40] = "";
    unsigned shown = 0;

    for (unsigned i = h->event_count; i-- > 0 && shown < SHOWN; shown++) {
        const char *on = day(h->events[i].when, now);

        (void)text_appendf(out, "%s%s%s%s", shown ? "; " : "", h->events[i].what,
                           strcmp(on, before) == 0 ? "" : " on ",
                           strcmp(on, before) == 0 ? "" : on);
        snprintf(before, sizeof before, "%.30s", on);
    }
    if (h->event_total > shown)
        (void)text_appendf(out, "; and %u more", h->event_total - shown);
}

static const struct kernel *installed(const struct linux_system *s, const char *release)
{
    for (unsigned i = 0; i < s->kernel_count; i++)
        if (strcmp(s->kernels[i].release, release) == 0)
            return &s->kernels[i];
    return NULL;
}

/* The kernel of the last good boot, when it is complete and not the newest. */
static bool can_go_back(const struct examine_subject *s)
{
    const struct kernel *good = installed(s->inside, s->history->good.kernel);

    return good && good != &s->inside->kernels[0] && good->has_image && good->has_modules &&
           good->has_initramfs;
}

static void add_last(const struct history *h, struct text *t)
{
    char buf[40];

    (void)text_appendf(t, "%s", date(h->last.when, buf));
    if (h->last.kernel[0])
        (void)text_appendf(t, ", kernel %s", text_safe(h->last.kernel));
    (void)text_appendf(t, "; it did not come up");
    for (unsigned i = 0; i < h->failed_count; i++)
        (void)text_appendf(t, "%s%s", i ? ", " : "; failed: ", text_safe(h->failed[i]));
    if (h->stopped[0])
        (void)text_appendf(t, "; its last message: %s", text_safe(h->stopped));
}

void examine_history(const struct examine_subject *s,
                     void (*line)(void *userdata, const char *key, const char *value),
                     void *userdata)
{
    const struct history *h = s->history;
    _cleanup_text_ struct text t = TEXT_INIT(16384);
    char buf[40];

    if (!h || !h->good.when)
        return;
    (void)text_appendf(&t, "%s%s%s, by %s", date(h->good.when, buf),
                       h->good.kernel[0] ? ", kernel " : "",
                       h->good.kernel[0] ? text_safe(h->good.kernel) : "", h->source);
    line(userdata, "last good", t.data);
    text_free(&t);
    if (h->event_count) {
        describe_events(h, &t);
        line(userdata, "since", t.data);
        text_free(&t);
    }
    if (h->last.when > h->good.when) {
        add_last(h, &t);
        line(userdata, "last try", t.data);
        text_free(&t);
    }
    if (can_go_back(s)) {
        (void)text_appendf(&t,
                           "kernel %s, which came up then, is still there: choose it in the "
                           "boot menu",
                           text_safe(h->good.kernel));
        line(userdata, "go back", t.data);
    }
}
