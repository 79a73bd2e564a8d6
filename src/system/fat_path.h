/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Paths as firmware and FAT take them, for which "EFI/BOOT" and "EFI/boot" are one: also in a tree
 * on another file system, into which what was on FAT has been copied. */

#include <stddef.h>

/* 1: @path is there, @ret is how it is spelt; 0: it is not; a negative errno. */
int fat_path_find(int root_fd, const char *path, char *ret, size_t size);
