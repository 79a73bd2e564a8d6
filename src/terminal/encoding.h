/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

/* Does the terminal on @fd read UTF-8? What is no terminal does not. */
bool terminal_reads_utf8(int fd);
