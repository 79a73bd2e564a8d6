/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/shell_word.h"
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

char *examine_way_back_command(const struct examine_subject *s, const struct way_back *way,
                               char *buf, size_t size)
{
    _cleanup_text_ struct text t = TEXT_INIT(size - 1);

    buf[0] = '\0';
    if (!way->system[0])
        return buf;
    (void)text_appendf(&t, "unbrick boot --system=");
    (void)shell_word_append(&t, way->system);
    (void)text_appendf(&t, " %s", s->targets);
    if (!t.failed)
        snprintf(buf, size, "%s", t.data);
    return buf;
}

static void describe_way_back(const struct way_back *way, struct text *t)
{
    char buf[40];

    (void)text_appendf(t, "%s%s", way->kind == WAY_BACK_KERNEL ? "" : "the ", way->what);
    if (way->kind == WAY_BACK_KERNEL)
        (void)text_appendf(t, ", which came up then, is still there");
    else if (way->when)
        (void)text_appendf(t, ", %s %s", way->kind == WAY_BACK_SLOT ? "booted last on" : "made on",
                           date(way->when, buf));
    if (way->before_changes)
        (void)text_appendf(t, ", before these changes");
    if (way->without_boot)
        (void)text_appendf(t, "; /boot is not part of it");
    if (way->how[0])
        (void)text_appendf(t, "; %s", way->how);
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

static void add_past(const struct history *h,
                     void (*line)(void *userdata, const char *key, const char *value),
                     void *userdata)
{
    _cleanup_text_ struct text t = TEXT_INIT(16384);
    char buf[40];

    if (h->good.when)
        (void)text_appendf(&t, "%s%s%s, by %s", date(h->good.when, buf),
                           h->good.kernel[0] ? ", kernel " : "",
                           h->good.kernel[0] ? text_safe(h->good.kernel) : "", h->source);
    else
        (void)text_appendf(&t, "none of the boots that are recorded came up");
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
}

void examine_history(const struct examine_subject *s,
                     void (*line)(void *userdata, const char *key, const char *value),
                     void *userdata)
{
    if (s->history && (s->history->good.when || s->history->last.when))
        add_past(s->history, line, userdata);
    for (unsigned i = 0; s->back && i < s->back->count; i++) {
        _cleanup_text_ struct text t = TEXT_INIT(4096);
        char command[1024];

        describe_way_back(&s->back->items[i], &t);
        line(userdata, "go back", t.data);
        line(userdata, "command",
             examine_way_back_command(s, &s->back->items[i], command, sizeof command));
    }
}
