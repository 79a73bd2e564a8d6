/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The keeper: a small process in the host's mount namespace that outlives the supervisor. It waits
 * until the supervisor says that all is done, or is gone; then it undoes what the journal names.
 * It holds no descriptor but its pipe and ignores what a terminal or an administrator sends to
 * our process group.
 */

#include "base/error.h"

#include <sys/types.h>

struct keeper {
    pid_t pid;
    int pipe_fd; /* write end; its end of file means that we are gone */
};

/* Fork the keeper of this process's journal. Call it before the journal is begun, so that somebody
 * is there to undo it from its first line on, and before leaving the host's mount namespace. */
int keeper_start(struct keeper *ret, struct error *e);

/* Something is left that it should go on undoing, after we are gone. */
void keeper_leave(struct keeper *k);

/* Have it undo what the journal still names, in the host's mount namespace, and wait for it. 0, or
 * -EBUSY when something could not be undone. */
int keeper_finish(struct keeper *k, struct error *e);

/* All is undone, or is meant to stay: the keeper is not needed any more. */
void keeper_dismiss(struct keeper *k);
