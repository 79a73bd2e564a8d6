/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The user namespace of a container that is not trusted (user_namespaces(7)): its root is nobody
 * outside. On the disk nothing changes: the mounts of the tree map its owners into the namespace
 * (mount_setattr(2), ID-mapped mounts).
 */

#include "base/error.h"

/* Ids 0 to USER_COUNT - 1 inside are USER_FIRST and so on outside, where nobody has an id; the last
 * one would be (uid_t)-1, which stands for none. */
#define USER_FIRST 0x80000000u
#define USER_COUNT 0x7fffffffu

/* Make one: a descriptor of it. ERROR_HOST where the host does not allow it. */
int user_namespace_make(struct error *e);

/* Become a member of it, with all capabilities there; ids stay those of outside. */
int user_namespace_enter(int fd, struct error *e);

/* Become its root, as which everything is made from then on. The death signal is lost (prctl(2)).
 */
int user_namespace_become_root(struct error *e);
