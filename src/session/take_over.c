/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/take_over.h"

#include "base/step.h"
#include "base/text.h"
#include "storage/takeover.h"
#include "terminal/ui.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* A mount on a volume of a group on an array: one look for each. */
#define ROUNDS_MAX 3

/* "the array md127 and the volume group vg0" */
static void list_items(const struct takeover *t, char *buf, size_t size)
{
    char item[600];
    size_t used = 0;

    buf[0] = '\0';
    for (unsigned i = 0; i < t->count && used < size; i++)
        used += (size_t)snprintf(buf + used, size - used, "%s%s",
                                 i == 0              ? ""
                                 : i + 1 == t->count ? " and "
                                                     : ", ",
                                 takeover_describe(&t->items[i], item, sizeof item));
}

static int ask(const struct takeover *t, struct error *e)
{
    char items[1024];
    int r;

    list_items(t, items, sizeof items);
    r = ui_ask(
        true,
        "This host has made %s of it by itself, and nothing uses that. Take it over for now? "
        "%s",
        items,
        t->items[0].kind == TAKEOVER_MOUNT ? "(It is unmounted.)"
                                           : "(It is given back at the end.)");
    if (r == 1)
        return 0;
    if (r == -EINTR)
        return error_set(e, ERROR_INTERRUPTED, r, "interrupted", "stopped by Ctrl-C");
    (void)error_set(e, ERROR_REFUSED, -EBUSY, "in-use",
                    "this host has made %s of it by itself, and it is not taken over unasked",
                    items);
    (void)error_advise(e, "nothing uses it at the moment: take it over with --yes");
    return -EBUSY;
}

struct records {
    struct journal *journal;
    bool any;
};

static int write_down(void *userdata, const char *record)
{
    struct records *records = userdata;

    records->any = true;
    return journal_record(records->journal, JOURNAL_STORAGE, record);
}

static int take(const struct takeover_item *item, struct journal *j, bool *ret_gives_back,
                struct error *e)
{
    struct records records = {.journal = j};
    int r = takeover_each_record(item, write_down, &records);

    *ret_gives_back = *ret_gives_back || records.any;
    if (r < 0)
        return error_errno(e, r, "cannot write the journal");
    r = takeover_take(item, e);
    step_reached("takeover-taken");
    return r;
}

int take_over(const struct patient_request *request, struct journal *j, bool *ret_gives_back,
              struct error *e)
{
    int r = 0;

    for (unsigned round = 0; r == 0 && round < ROUNDS_MAX; round++) {
        struct takeover t;

        r = takeover_find(request->targets, request->target_count, &t, e);
        if (r < 0 || t.count == 0 || request->plan_only)
            break;
        r = request->takeover_agreed ? 0 : ask(&t, e);
        for (unsigned i = 0; r == 0 && i < t.count; i++)
            r = take(&t.items[i], j, ret_gives_back, e);
    }
    return r;
}
