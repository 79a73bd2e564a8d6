/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/history_journal_read.h"

#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define KERNEL_LINES 200 /* of a boot; the release is in the first */

/* systemd.journal-fields(7), systemd/sd-messages.h */
#define UNIT_STARTED "MESSAGE_ID=39f53479d3a045ac8e11786248231fbf"
#define UNIT_FAILED  "MESSAGE_ID=be02cf6855d2428ba40df7e9d022f03d"

struct reader {
    const struct history_journal_api *sd;
    struct sd_journal *journal;
};

/* The value of a field of the entry that is looked at, raw, cut to @size. */
static bool field(const struct reader *r, const char *name, char *ret, size_t size)
{
    const void *data;
    size_t length, skip = strlen(name) + 1;

    if (r->sd->get_data(r->journal, name, &data, &length) < 0 || length < skip)
        return false;
    length -= skip;
    if (length >= size)
        length = size - 1;
    memcpy(ret, (const char *)data + skip, length);
    ret[length] = '\0';
    return true;
}

static void match(const struct reader *r, const char *fmt, const char *value)
{
    char text[256];

    snprintf(text, sizeof text, "%s%s", fmt, value);
    (void)r->sd->add_match(r->journal, text, strlen(text));
}

static time_t time_of(const struct reader *r)
{
    uint64_t usec;

    return r->sd->get_realtime_usec(r->journal, &usec) < 0 ? 0 : (time_t)(usec / 1000000);
}

static void find_kernel(const struct reader *r, const char *boot, struct history_boot *ret)
{
    static const char begin[] = "Linux version ";
    char message[512];

    r->sd->flush_matches(r->journal);
    match(r, "_BOOT_ID=", boot);
    match(r, "_TRANSPORT=", "kernel");
    (void)r->sd->seek_head(r->journal);
    for (unsigned i = 0; i < KERNEL_LINES && r->sd->next(r->journal) > 0; i++)
        if (field(r, "MESSAGE", message, sizeof message) && text_starts_with(message, begin)) {
            snprintf(ret->kernel, sizeof ret->kernel, "%.*s",
                     (int)strcspn(message + strlen(begin), " "), message + strlen(begin));
            return;
        }
}

static void find_failed(const struct reader *r, const char *boot, struct history *h)
{
    char unit[128];

    r->sd->flush_matches(r->journal);
    match(r, "_BOOT_ID=", boot);
    match(r, "", UNIT_FAILED);
    (void)r->sd->seek_head(r->journal);
    while (h->failed_count < HISTORY_UNITS_MAX && r->sd->next(r->journal) > 0) {
        bool known = false;

        if (!field(r, "UNIT", unit, sizeof unit))
            continue;
        for (unsigned i = 0; i < h->failed_count; i++)
            known = known || strcmp(h->failed[i], unit) == 0;
        if (!known)
            memcpy(h->failed[h->failed_count++], unit, sizeof unit);
    }
}

int history_journal_read(const struct history_journal_api *sd, struct sd_journal *j,
                         struct history *h)
{
    const struct reader reader = {sd, j}, *r = &reader;
    char good[64] = "", last[64] = "";

    match(r, "", UNIT_STARTED);
    match(r, "UNIT=", "multi-user.target");
    (void)r->sd->seek_tail(r->journal);
    if (r->sd->previous(r->journal) > 0 && field(r, "_BOOT_ID", good, sizeof good))
        h->good.when = time_of(r);
    r->sd->flush_matches(r->journal);
    (void)r->sd->seek_tail(r->journal);
    if (r->sd->previous(r->journal) > 0 && field(r, "_BOOT_ID", last, sizeof last) &&
        strcmp(good, last) != 0) {
        h->last.when = time_of(r);
        (void)field(r, "MESSAGE", h->stopped, sizeof h->stopped);
        find_kernel(r, last, &h->last);
        find_failed(r, last, h);
    }
    if (h->good.when)
        find_kernel(r, good, &h->good);
    return h->good.when || h->last.when ? 0 : -ENOENT;
}

/* The reader may have been led astray by what it read: its answer is data, and no more. */
void history_journal_tame(struct history *h)
{
    h->source = NULL;
    h->event_count = h->event_total = 0;
    h->good.kernel[sizeof h->good.kernel - 1] = '\0';
    h->last.kernel[sizeof h->last.kernel - 1] = '\0';
    h->stopped[sizeof h->stopped - 1] = '\0';
    if (h->failed_count > HISTORY_UNITS_MAX)
        h->failed_count = HISTORY_UNITS_MAX;
    for (unsigned i = 0; i < h->failed_count; i++)
        h->failed[i][sizeof h->failed[i] - 1] = '\0';
}
