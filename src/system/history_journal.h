/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "system/history.h"

/*
 * Boots from the system's persistent journal: .source, .good, .last, .failed and .stopped.
 * libsystemd is loaded when it is there, and reads the files in a process of its own, with a limit
 * of time: they may be damaged, and it maps them. 0; -ENOENT: no journal, or none of a good boot;
 * -EOPNOTSUPP: no libsystemd; -EIO: it did not come to an end.
 */
int history_from_journal(int root_fd, struct history *ret);
