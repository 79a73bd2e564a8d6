/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The modules of one kernel release in a tree: /lib/modules/RELEASE with its index, modules.dep(5).
 */

#include <stdbool.h>
#include <stddef.h>

struct kernel_modules {
    char directory[192]; /* inside: "/usr/lib/modules/6.1.0-28-amd64"; "" when there is none */
    char *dep;           /* text of modules.dep; owned; NULL: none */
    char *builtin;       /* text of modules.builtin; owned; NULL: none */
    bool has_index;      /* modules.dep.bin is there and not empty: what modprobe reads */
    bool has_tree;       /* there is a directory of modules in it */
};

/* Read what is there. Never fails. */
void kernel_modules_read(int root_fd, const char *release, struct kernel_modules *ret);
void kernel_modules_free(struct kernel_modules *m);

/* Is the module ("virtio_blk") a part of the kernel itself, a file of its own, either? */
bool kernel_modules_has_builtin(const struct kernel_modules *m, const char *module);
bool kernel_modules_has_file(const struct kernel_modules *m, const char *module);

/* How many files that the index names are not there; *ret_total (may be NULL): of how many. */
unsigned kernel_modules_count_missing(int root_fd, const struct kernel_modules *m,
                                      unsigned *ret_total);

/* Does the list of paths (modules.dep, modules.builtin) have the module? Pure. */
bool kernel_modules_list_has(const char *list, const char *module);
