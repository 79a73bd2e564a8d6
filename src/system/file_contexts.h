/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The SELinux label that a path should have, by the target's own file_contexts(5). */

#include <stddef.h>
#include <sys/types.h>

struct file_contexts;

/* Read the policy that /etc/selinux/config names: file_contexts, .homedirs, .local, .subs and
 * .subs_dist. NULL: there is none, SELinux is disabled, or no memory. */
struct file_contexts *file_contexts_open(int root_fd);
void file_contexts_close(struct file_contexts *f);

/* The label for @path with the type bits of @mode, or NULL: no rule, or "<<none>>". The last rule
 * that matches counts, and one without a pattern before all with one (selabel_file(5)). */
const char *file_contexts_lookup(const struct file_contexts *f, const char *path, mode_t mode);

/* Which paths are labelled like others: what the administrator says is applied before what the
 * policy brings. */
enum file_contexts_aliases {
    FILE_CONTEXTS_LOCAL_ALIASES,  /* .subs */
    FILE_CONTEXTS_POLICY_ALIASES, /* .subs_dist */
    FILE_CONTEXTS_ALIASES,
};

/* Add the rules of @data, as the file has them: for tests and fuzzing. 0 or -ENOMEM. */
int file_contexts_add(struct file_contexts **f, const char *data, size_t size);

/* The same for lines "PATH LIKE". */
int file_contexts_add_aliases(struct file_contexts *f, enum file_contexts_aliases which,
                              const char *data, size_t size);
