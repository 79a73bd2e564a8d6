/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The names in a directory of the patient, sorted and bounded. */

#include <stddef.h>

#define DIRECTORY_NAMES_MAX 4096

struct directory {
    char **names;
    unsigned count;
};

#define _cleanup_directory_ __attribute__((cleanup(directory_free)))

/* The names that end in @suffix ("" for all), without those that begin with a dot, in the order of
 * strcmp(3); of more than DIRECTORY_NAMES_MAX some are missing. 0 or a negative errno, *ret is then
 * empty. */
int directory_list(int root_fd, const char *path, const char *suffix, struct directory *ret);
void directory_free(struct directory *d);

/* "DIRECTORY/NAME" in a static ring of 8 buffers; what is too long gives "". */
const char *directory_join(const char *directory, const char *name);
