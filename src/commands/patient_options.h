/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What boot, shell and mount have in common. */

#include "base/error.h"
#include "commands/options.h"
#include "session/session.h"

/* The request that the options make; ERROR_USAGE without a target. */
int patient_request_from_options(const struct options *o, struct patient_request *ret,
                                 struct error *e);

/* ERROR_USAGE: no target is named. */
int refuse_no_target(const struct options *o, struct error *e);

/* Open --log for appending (0600) and tell ui about it. -1 in *ret_fd when there is none. */
int open_log(const struct options *o, int *ret_fd, struct error *e);

/* Describe what the opened patient and the container would be, for --dry-run: the data that a run
 * executes. Printed to stdout; --json prints one document (docs/json.md). */
int print_plan(const struct options *o, const struct patient *p, struct container_plan *plan,
               struct error *e);

/* The disks of a patient: "/dev/sdb", "disk.img", "disk.img and 2 more". Safe text in @buf. */
char *patient_disks(const struct patient *p, char *buf, size_t size);

/* All targets as they are typed in a command: "a.img b.img". Safe text in @buf. */
char *patient_targets(const struct patient *p, char *buf, size_t size);

/* Warn of each file system of the patient that could not be mounted: a command that writes there
 * writes into the directory below. For whoever has no banner. */
void patient_say_unmounted(const struct patient *p);

/* Close the session, say what came of it in one line, and return the exit status: @status, or the
 * one of a failure to close. @what: a sentence in front, or ""; NULL: nobody was inside. */
int close_and_summarise(struct session *s, const char *what, int status, struct error *e);
