/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The faults before and after a session: what the person sees at the rescue prompt, and the closing
 * check, which looks again before the disk is detached. Nothing here keeps a session from its work:
 * what cannot be examined is left out.
 */

#include "commands/faults_look.h"
#include "commands/options.h"
#include "container/plan.h"
#include "session/session.h"

struct faults_around {
    const struct session *session;
    const struct options *options;
    const struct container_plan *plan;
    struct session_prompt prompt; /* the banner, with the headline of what was found */
    struct faults_look look;
    bool looked;
    struct report before; /* fault, severity and sentence only */
    struct text banner;
};

/* Begin to examine the mounted patient; *f must stay where it is, and the arguments are borrowed,
 * until faults_around_free(). With f->prompt the session shows what was found, and puts it into the
 * container as /run/unbrick/faults. */
void faults_around_begin(struct faults_around *f, const struct options *o, const struct session *s,
                         struct container_plan *plan);

/* Say what is in @after and was not in @before: one line each. */
void faults_around_say_new(const struct report *before, const struct report *after);

/* Examine it again, and say what is new and what is gone; where it was examined before. @end: how
 * the session ended; who has stopped it before its prompt wants to wait for nothing. */
void faults_around_again(struct faults_around *f, const struct supervise_result *end);

/* Forget everything. Zeroed is fine. */
void faults_around_free(struct faults_around *f);
