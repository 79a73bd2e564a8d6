/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* systemd's unit files (systemd.syntax(7)): single settings of them, and names of units that stand
 * for paths. Pure and tolerant: what is no setting is passed over. */

#include <stddef.h>

/*
 * The value of @key in [@section]: the last one that is assigned, by systemd's rules for lines that
 * go on behind a backslash and for comments. *ret_line (may be NULL): where it stands, 1-based.
 * 0; -ENOENT; -ENAMETOOLONG when it does not fit.
 */
int unit_file_get(const char *data, size_t size, const char *section, const char *key, char *ret,
                  size_t ret_size, unsigned *ret_line);

/* The unit of a path (systemd.unit(5), "path escaping"): "/srv/a-b" and ".mount" give
 * "srv-a\x2db.mount". 0; -EINVAL when @path is no absolute path; -ENAMETOOLONG. */
int unit_name_from_path(const char *path, const char *suffix, char *ret, size_t size);
