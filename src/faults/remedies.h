/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Remedies that many faults share, in the form of struct fault's .repair. */

#include "faults/changes.h"
#include "faults/examination.h"
#include "faults/report.h"

/* The finding's line becomes a comment that says why. */
int remedy_comment_line(struct examination *x, const struct finding *f, struct changes *c,
                        struct error *e);

/* The finding's file is taken away (a copy is kept; of a link none). */
int remedy_remove_file(struct examination *x, const struct finding *f, struct changes *c,
                       struct error *e);

/* The result of planning a change to @path: @r, with a sentence when it is a failure. */
int remedy_planned(int r, const char *path, struct error *e);

/* The finding's command: @option of `unbrick shell` ("--host-tools"; NULL: none), with the targets;
 * then @inside (NULL: nothing, a prompt). What is meant for the patient must not run on the host
 * when it is pasted there; of the running host it is @inside alone. */
void remedy_shell(const struct examination *x, struct finding *f, const char *option,
                  const char *inside);

/* "Not in this case", with the reason. */
int remedy_unfit(struct error *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
