/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"

/*
 * Abstract Unix sockets of processes outside cannot be connected to (landlock(7), scopes;
 * Linux 6.12). They belong to a network namespace, so that this is a second wall behind a private
 * network. 0 also where the kernel cannot do it.
 */
int landlock_apply(struct error *e);
