/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Programs for another machine than this host's, executed by an emulator of the host. The kernel is
 * told of it through binfmt_misc; where the host has not done so, a session does as long as it
 * lasts. That holds for the whole host: the registration of a namespace's own came with Linux 6.7,
 * and would want a user namespace.
 */

#include "base/error.h"
#include "session/journal.h"

struct foreign {
    int binfmt_fd; /* binfmt_misc, mounted nowhere; -1 */
    char entry[32];
};

#define FOREIGN_NONE ((struct foreign){.binfmt_fd = -1})

/* Nothing is changed: can what is for @machine (struct linux_system, .arch) be executed?
 * ERROR_HOST with the reason "foreign-architecture" and the package to install when not. */
int foreign_check(const char *machine, struct error *e);

/* See to it, until foreign_end(). "": nothing is to be done. */
int foreign_begin(struct foreign *ret, const char *machine, struct journal *j, struct error *e);
void foreign_end(struct foreign *f);

/* For the journal: take the @entry away. 0 also when it is gone already. */
int foreign_forget(const char *entry, struct error *e);
