/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The faults before and after a session: what the person sees at the rescue prompt, and the closing
 * check, which looks again before the disk is detached. Nothing here keeps a session from its work:
 * what cannot be examined is left out.
 */

#include "base/error.h"
#include "base/text.h"
#include "container/plan.h"
#include "faults/report.h"
#include "session/session.h"

struct faults_around {
    const struct machine *machine; /* --for; NULL; set by the caller */
    bool looked;
    char headline[1024]; /* "" when nothing was found */
    struct report before;
};

/* Examine the mounted patient. With findings the report goes into the container as
 * /run/unbrick/faults. */
void faults_around_begin(struct faults_around *f, const struct session *s,
                         struct container_plan *plan);

/* Say what is in @after and was not in @before: one line each. */
void faults_around_say_new(const struct report *before, const struct report *after);

/* Examine it again, and say what is new and what is gone; then forget. */
void faults_around_end(struct faults_around *f, const struct session *s);
