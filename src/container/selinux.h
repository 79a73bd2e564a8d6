/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Labels of a host with SELinux, by the kernel's own files (selinuxfs, proc_pid_attr(5)): two of
 * them are all that is needed, and libselinux would be another library for hosts that mostly have
 * none.
 */

#include "base/error.h"

/* Is it one that the loaded policy knows? ERROR_HOST where SELinux is not enabled on this host,
 * ERROR_USAGE when the policy does not know it. Asked before anything is touched. */
int selinux_check_context(const char *context, struct error *e);

/* What this process executes next has the label. Needs /proc. 0 or a negative errno. */
int selinux_set_exec_context(const char *context, struct error *e);
