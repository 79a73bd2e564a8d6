/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A journal and its keeper for a look that seldom makes anything to be undone (`list` of an image
 * that takes a layer): they begin with the first record. */

#include "session/journal.h"
#include "session/keeper.h"

#include <stdbool.h>

struct undo_guard {
    struct keeper keeper;
    struct journal journal;
    bool begun;
};

/* For struct disk_request.record, with the guard as userdata. */
int undo_guard_record(void *guard, const char *record);

/* Begin now, for what writes its own records: *ret_journal is the guard's. 0 or a negative errno.
 */
int undo_guard_begin(struct undo_guard *g, struct journal **ret_journal);

/* Everything was undone. A zeroed guard is fine. */
void undo_guard_end(struct undo_guard *g);
