/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/undo_guard.h"

#include "session/assembly.h"

int undo_guard_begin(struct undo_guard *g, struct journal **ret_journal)
{
    int r = 0;

    if (!g->begun) {
        r = keeper_start(&g->keeper, NULL);
        if (r == 0)
            r = journal_begin(&g->journal, NULL);
        if (r < 0) {
            keeper_dismiss(&g->keeper);
            return r;
        }
        g->begun = true;
    }
    *ret_journal = &g->journal;
    return 0;
}

int undo_guard_record(void *guard, const char *record)
{
    struct journal *j;
    int r = undo_guard_begin(guard, &j);

    return r < 0 ? r : assembly_record(j, record);
}

void undo_guard_end(struct undo_guard *g)
{
    if (!g->begun)
        return;
    journal_end(&g->journal);
    keeper_dismiss(&g->keeper);
    g->begun = false;
}
