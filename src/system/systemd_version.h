/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

/* The version of the tree's systemd, whose program @fd is open for reading; 0 when unknown.
 * Internal to system/. */
unsigned systemd_version_inspect(int root_fd, int fd);

/* From the greeting in systemd's program, "systemd 219 running in ..."; 0 without. Pure. */
unsigned systemd_version_from_program(const void *data, size_t size);
