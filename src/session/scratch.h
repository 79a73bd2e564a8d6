/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A directory of ours on a file system of the host, for as long as a session lasts: the work
 * directory that a writable overlay needs beside its upper layer. */

#include "base/error.h"
#include "session/journal.h"

#include <stddef.h>

/* Make one in the directory that holds @beside, and note it in the journal before. Its path goes to
 * @ret. */
int scratch_make(struct journal *j, const char *beside, char *ret, size_t size, struct error *e);

/* Remove it with what is in it. 0 also when it is gone already. */
int scratch_remove(const char *path, struct error *e);
