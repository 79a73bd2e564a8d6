/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * An examination of the mounted patient by a process of its own: the container starts meanwhile,
 * and what was read for it (units, libraries, what is in an initramfs) goes with that process
 * instead of staying in the supervisor.
 */

#include "base/text.h"
#include "faults/machine.h"
#include "faults/report.h"
#include "session/session.h"

#include <sys/types.h>

#define FAULTS_HEADLINE_MAX 1024
#define FAULTS_TEXT_MAX     ((size_t)1 << 20)

struct faults_look {
    pid_t pid;     /* 0: none runs */
    int pid_fd;    /* readable when it has ended; -1 */
    int result_fd; /* where it leaves what it saw; -1 */
};

#define FAULTS_LOOK_NONE ((struct faults_look){.pid_fd = -1, .result_fd = -1})

/* Begin. @machine (--for) may be NULL. 0 or a negative errno; then nothing runs. */
int faults_look_begin(struct faults_look *look, const struct session *s,
                      const struct machine *machine);

/*
 * Take what it saw; one that has not ended by now is ended without a result (-ETIMEDOUT), so wait
 * for .pid_fd before. *ret gets the findings with no more than fault, severity and sentence;
 * @ret_text the whole report for a person, @headline its headline, both empty without a finding.
 * Returns 0, or a negative errno when the system could not be examined. In either case nothing runs
 * afterwards.
 */
int faults_look_take(struct faults_look *look, struct report *ret,
                     char headline[FAULTS_HEADLINE_MAX], struct text *ret_text);

/* End it where nobody wants to know any more. None need have begun. */
void faults_look_drop(struct faults_look *look);

/* Look again in such a process, let @say (called in it) tell what differs from @before, and wait
 * for it. 0, or a negative errno when the system could not be examined. */
int faults_look_again(const struct session *s, const struct machine *machine,
                      const struct report *before,
                      void (*say)(const struct report *before, const struct report *after));
