/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The schema "unbrick.repair/1" of docs/json.md. */

#include "commands/repair_plan.h"

/*
 * Print what was, or would be, done to the patient @name: the changes of @plan as @shown told them,
 * and the findings that its report has now. @stamp: behind the names of copies; "" none was made.
 */
int repair_json(const struct repair_plan *plan, const char *name, const char *shown, bool applied,
                const char *stamp, struct error *e);
