/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The file-system check as the person at the terminal meets it: an estimate, progress, questions,
 * one line with the result. */

#include "base/error.h"
#include "storage/check.h"

/* A check that takes no longer needs no announcement. */
#define CHECK_ANNOUNCE_SECONDS 3

/*
 * Check @v for the mount point @target and say what came out. @look: only look, in full (check.h,
 * readonly); what is found is for whoever asked, and is not said. Ctrl-C skips the check.
 * Returns 0 with *ret filled (also when errors are left), or a negative errno: the check could not
 * be made, or the person wants to stop (-EINTR).
 */
int check_with_ui(const struct volume *v, const char *target, enum check_mode mode, bool look,
                  struct check_report *ret, struct error *e);

/* The line about a result, as check_with_ui() says it. */
void check_say_result(const char *target, const struct volume *v, const struct check_report *r);
