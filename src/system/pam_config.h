/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One line of a service below /etc/pam.d (pam.conf(5)). Pure. */

#include <stdbool.h>

struct pam_line {
    char *type, *control, *name; /* of the module, or of what is included */
    bool include, quiet;         /* quiet: "-auth", missing is no error */
};

/* Take the stripped line apart, in place: "auth [success=1 default=ignore] pam_unix.so nullok";
 * "@include common-auth". false when it is none. */
bool pam_line_parse(char *text, struct pam_line *ret);

/* The largest jump of its control field ("[success=2 default=ignore]": 2): over how many lines of
 * its type it may lead. 0: none; what is too large for the type is its largest value. */
unsigned pam_line_jump(const struct pam_line *p);

/* A module that cannot be loaded fails; does that decide anything? */
bool pam_line_is_decisive(const struct pam_line *p);
