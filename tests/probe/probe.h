/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The probe: a static program that runs *inside* a container and compares what it finds there with
 * the plan (`--dry-run`, a file) and with the container interface. Each check is a
 * row of a table here and a row of docs/container.md, under the same name.
 *
 *   probe PLAN [CHECK...]  TAP on standard output, but for those checks; 1 when one failed
 *   probe --list           the names of the checks
 */

#include <stdbool.h>
#include <stddef.h>

/* A check that fails says what it found, once for each thing that is wrong. */
void wrong(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

struct check {
    const char *name;
    void (*run)(void);
};

/* NULL-ended. */
extern const struct check mount_checks[], proc_checks[], device_checks[], process_checks[],
    file_checks[], syscall_checks[];

/* The value of the plan's first line "KEY: VALUE"; NULL when there is none. */
const char *plan_value(const char *key);

/* Is @word among the words of those lines? */
bool plan_has(const char *key, const char *word);

/* Call @each with the words of those lines. */
void plan_words(const char *key, void (*each)(const char *word));

/* Call @each with the value of each of those lines. */
void plan_lines(const char *key, void (*each)(const char *value));

/* The contents of a small file; "" when it cannot be read. In a ring of static buffers. */
const char *contents(const char *path);

/* The mount on exactly @path in /proc/self/mountinfo; the last one counts. */
struct mount_entry {
    char root[256], point[256], options[256], shared[64], type[32], super[512];
};
bool find_mount(const char *path, struct mount_entry *ret);

/* Is "ro", "nosuid" ... one of the mount's @options, which are separated by commas? */
bool has_option(const char *options, const char *option);
