/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* examine --each: every target is a machine of its own, several at a time. */

#include "base/error.h"
#include "commands/options.h"

/*
 * Examine each of the targets in a process of its own, and print a line for it as soon as it is
 * known: target, name, headline; with --json the document of examine on one line, with "target" in
 * it. The exit status: 1 when one of them will not boot, else the first other failure's; or a
 * negative errno.
 */
int examine_each(const struct options *o, struct error *e);
