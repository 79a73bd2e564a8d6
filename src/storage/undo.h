/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What storage makes and the kernel does not take back with our last process. It is written down as
 * a record, one line, before it is made; the same function takes it back at the normal end, in the
 * keeper and in `unbrick cleanup`.
 */

#include "base/error.h"

#include <stdbool.h>

/* Kinds of records: what the rest of the line says. */
#define UNDO_MAPPING "mapping " /* prefix of the uuid of device-mapper devices */
#define UNDO_ARRAY   "array "   /* md127 */
#define UNDO_LOOP    "loop "    /* loop3; autoclear: the kernel takes it back */
#define UNDO_LAYER   "layer "   /* token of a layer's daemon, see layer.h */
#define UNDO_GIVE_VOLUME                                                                           \
    "give-volume " /* uuid of a logical volume that the host had active, see takeover.h */
#define UNDO_GIVE_ARRAY "give-array " /* md127, the uuid of the array, "rw"; the same */

/* Is it about something of the host's, which it gets back when everything of ours is undone? */
bool undo_gives_back(const char *record);

/* Take back what a record tells of. 0 also when it is not there (any more); -EBUSY: it is in use,
 * after
 * @wait_ms. */
int undo_record(const char *record, unsigned wait_ms, struct error *e);
