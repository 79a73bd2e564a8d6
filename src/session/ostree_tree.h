/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"

/*
 * Put the root of an OSTree deployment together as its initramfs does (ostree-prepare-root(1)): the
 * deployment is the root; its /usr read-only, since its files are hard links into the repository,
 * which a change in place would damage; /var is the one that all deployments share; the file system
 * itself is at /sysroot, and its /boot at /boot when the boot loader's files are there.
 *
 * @physical_fd is the file system as a detached mount, which is attached below the directory @dir
 * (in our mount namespace, and empty but for @tree); the root is attached on @tree.
 */
int ostree_tree_mount(int physical_fd, const char *deployment, const char *dir, const char *tree,
                      struct error *e);
