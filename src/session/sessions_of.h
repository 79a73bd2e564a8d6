/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which of our own sessions has which disk open. */

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * @target is in use, as *e says. When it is another session of ours that uses it, or one of its
 * partitions or its whole disk, say that instead, and how to join or to end it. Returns e->code.
 */
int sessions_of_explain(const char *target, struct error *e);

/* The same for a look: who has @target open, a clause for a person ("open in the session web01 of
 * unbrick (4711)", "mounted on /mnt by unbrick"; safe text), in @ret. False when it is none of
 * ours,
 * @ret is then untouched. */
bool sessions_of_describe(const char *target, char *ret, size_t size);

/* Take away from @count paths of inventory_disks() the loop devices that `unbrick mount` has left:
 * they are no disks of the host, and the mark of those that a session holds went with its process.
 * Returns how many paths there are now. */
int sessions_of_leave_out(char (*paths)[128], int count);

/* Visit the targets that other sessions of ours have open, until @visit returns a positive number.
 * That, or 0, or a negative errno. */
int sessions_of_targets(int (*visit)(void *userdata, const char *target), void *userdata);
