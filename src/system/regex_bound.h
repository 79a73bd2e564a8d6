/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Regular expressions of a patient, for regcomp(3) of the C library. */

#include <stdbool.h>

/* Is the extended expression @pattern safe to compile and to match? The C library writes repeated
 * parts out: "a++++..." doubles with each sign, "(a{255}){255}" multiplies; and a reference back
 * ("\1") makes the search exponential. Pure. */
bool regex_is_bounded(const char *pattern);
