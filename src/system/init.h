/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which init a tree has, and whether it can be executed. Internal to system/. */

#include "system/linux_system.h"

/* Fill init, init_path, init_problem, systemd_version, arch, arch_runs_here, shell of *s. */
void init_inspect(int root_fd, struct linux_system *s);

/* Its shell alone. */
void init_find_shell(int root_fd, struct linux_system *s);
