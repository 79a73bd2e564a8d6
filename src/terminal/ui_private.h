/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Shared by the files behind ui.h only. */

#include "base/text.h"
#include "terminal/ui.h"

/* Nothing that we say ourselves is longer. */
#define UI_TEXT_MAX ((size_t)64 << 10)

struct ui_state {
    struct ui_settings settings;
    bool stderr_is_terminal, stderr_color;
    char progress[512]; /* the line that is on the screen; "" when none */
};

extern struct ui_state ui_state;

/* To stderr as it is, or with carriage returns while the console has made the terminal raw. */
void ui_write(const char *data, size_t size);

/* To the log, with the time and @kind before it. */
void ui_log(const char *kind, const char *text);

/* Take the progress line off the screen, and put it back. */
void ui_progress_wipe(void);
void ui_progress_redraw(void);

/* Columns to wrap messages at; WRAP_NEVER when stderr is no terminal, so that grep finds lines. */
unsigned ui_message_columns(void);

/* The progress line, at most @columns - 1 wide so that the cursor stays on it. */
int ui_progress_format(struct text *out, unsigned columns, const char *what, int percent,
                       unsigned elapsed_seconds);
