/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A look at many file systems, at once where that is faster: an examination waits for the slowest
 * of them, not for all in turn.
 */

#include "base/error.h"
#include "storage/check.h"

struct check_look {
    const struct volume *volume;
    /* Set by the run: */
    struct check_report report; /* CHECK_NOT_CHECKED without a summary: it was not begun, or was
                                   stopped because a disk fails */
    int result;                 /* 0, or a negative errno: no check could be made; see .error */
    struct error error;
};

/*
 * Look at the file systems of @looks in full (check_volume() with readonly), none of which is
 * mounted. Each runs in a child of its own, as many at a time as there are processors, if the
 * host's memory suffices; @in_turn: one after the other, for disks whose head would go to and fro
 * between them (the reason for fsck(8)'s rule of one at a time on a disk). Ctrl-C skips those that
 * run and those that wait. When one comes upon blocks that cannot be read, the others end too:
 * nothing more is asked of a disk that fails. 0, also when a check could not be made, or a negative
 * errno.
 */
int check_look_at_all(struct check_look *looks, unsigned count, enum check_mode mode, bool in_turn,
                      struct error *e);
