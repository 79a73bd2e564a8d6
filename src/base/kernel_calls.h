/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The system calls without which there is no safe way to do what we do. There are older ways for
 * some of them; each would be a second program to test, for kernels that nobody rescues with. */

#include "base/error.h"

/* 0; -ENOSYS with ERROR_HOST, reason "kernel-too-old", and the name of the call that is missing:
 * the kernel is older than Linux 5.12, or a filter of system calls is around us. Takes
 * microseconds. */
int kernel_calls_check(struct error *e);
