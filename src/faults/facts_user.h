/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Facts about user space that several families need: read on the first call, kept in the
 * examination, and freed with it. None is ever NULL: what cannot be read is empty. */

#include "faults/examination.h"
#include "system/accounts.h"

#include <stdbool.h>
#include <sys/stat.h>

struct facts_user;

struct facts_file {
    char *data; /* NULL: it could not be read */
    size_t size;
    int error; /* negative errno of path_read() */
};

/* A configuration file of the patient, read once. */
const struct facts_file *facts_file(struct examination *x, const char *path);

/* /etc/passwd, /etc/shadow, /etc/group. */
const struct accounts *facts_passwd(struct examination *x);
const struct accounts *facts_shadow(struct examination *x);
const struct accounts *facts_group(struct examination *x);

/* Is @path there: a file that can be executed; anything at all. */
bool facts_has_program(const struct examination *x, const char *path);
bool facts_has(const struct examination *x, const char *path);

/* lstat(2) below the root: 0 or a negative errno. */
int facts_lstat(const struct examination *x, const char *path, struct stat *ret);

/* The target of the link @path, raw. false when it is none. */
bool facts_readlink(const struct examination *x, const char *path, char *ret, size_t size);

/* Has an administrator told dpkg which owner and mode @path is to have? */
bool facts_is_overridden(struct examination *x, const char *path);

/* Is this meant to be a machine that boots, and not the tree of a container: it has a kernel, or it
 * is the root of disks. */
bool facts_is_machine(const struct examination *x);

/* Does it have the init of a full distribution, and with it users, services and logins? Not a
 * busybox system, not the tree of one program. */
bool facts_is_full_system(const struct examination *x);

void facts_user_free(struct facts_user *f);
