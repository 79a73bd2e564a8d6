/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A tree whose files are a fuzzer's bytes: for what reads not one file but a whole system. */

#include <stddef.h>
#include <stdint.h>

/* What is there whatever the bytes are. A name that ends in "/" is a directory, "A -> B" a link,
 * "A * MODE" a file of that mode with next to nothing in it. NULL-ended. */
typedef const char *const fuzz_tree_base;

/* The directory, anew for each input; -1 and the fuzzer ends when there is no room for it. */
int fuzz_tree_make(fuzz_tree_base *base);
void fuzz_tree_remove(int root_fd);

/* Write the input over it: pieces that end at a byte 0xff (which no text has), the first byte of
 * each chooses the file of @paths, the rest is what is in it. */
void fuzz_tree_fill(int root_fd, const char *const *paths, size_t path_count, const uint8_t *data,
                    size_t size);
