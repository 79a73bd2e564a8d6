/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The words of a GRUB script (grub(8) info, "Shell-like scripting"): commands with their words,
 * unquoted and with the variables put in whose values are known. Pure and bounded. */

#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

#define GRUB_WORDS_MAX     128
#define GRUB_VARIABLES_MAX 128

enum grub_end {
    GRUB_END_LINE,  /* a newline or a semicolon */
    GRUB_END_OPEN,  /* "{" */
    GRUB_END_CLOSE, /* "}" */
    GRUB_END_FILE,
    GRUB_END_QUOTE, /* the file ends inside quotes */
};

struct grub_command {
    unsigned line; /* of its first word */
    unsigned count;
    char *words[GRUB_WORDS_MAX]; /* point into .text */
    bool opaque;                 /* a variable in it is not known */
    enum grub_end end;
    struct text text; /* private */
    unsigned offsets[GRUB_WORDS_MAX];
};

struct grub_variable {
    char *name, *value; /* owned */
};

struct grub_script {
    const char *at, *end;
    unsigned line;
    struct grub_variable variables[GRUB_VARIABLES_MAX];
    unsigned variable_count;
};

/* Begin with @size bytes, which stay the caller's. */
void grub_script_init(struct grub_script *s, const char *data, size_t size);
void grub_script_free(struct grub_script *s);

/* Give a variable a value. What does not fit is passed over: it is then not known. */
void grub_script_set(struct grub_script *s, const char *name, const char *value);
/* NULL: not known. */
const char *grub_script_get(const struct grub_script *s, const char *name);

/* Read the next command into *c (zeroed before the first); it may have no words. False at the end
 * of the file: with words in *c when the last line has no newline. */
bool grub_script_next(struct grub_script *s, struct grub_command *c);
void grub_command_free(struct grub_command *c);
