/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the user sees apart from results: messages, progress and questions. Results go to stdout,
 * everything here to stderr. Text from a disk must have gone through text_safe().
 */

#include <stdbool.h>
#include <stddef.h>

enum ui_color { UI_COLOR_AUTO, UI_COLOR_ALWAYS, UI_COLOR_NEVER };

struct ui_settings {
    bool quiet;   /* only errors and questions */
    bool verbose; /* also ui_detail() */
    bool json;    /* no questions, no progress */
    bool yes;     /* answer yes where that is allowed */
    enum ui_color color;
    int log_fd; /* every message is written here too, with a time; -1: none */
};

void ui_setup(const struct ui_settings *settings);
/* The standard descriptors are another terminal's now. */
void ui_terminal_changed(void);
/* Later, when --log was opened. */
void ui_set_log(int fd);

/* One line each, wrapped at the terminal's width with a hanging indent. */
void ui_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void ui_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void ui_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void ui_detail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Only to the log. @line is raw and is escaped. */
void ui_log_raw(const char *line);

/* A line that is rewritten in place on a terminal, silent elsewhere. @percent -1: no bar, elapsed
 * time only. ui_progress_end() wipes it. Every message wipes and redraws it. */
void ui_progress(const char *what, int percent, unsigned elapsed_seconds);
void ui_progress_end(void);

/* True when questions can be asked: stdin and stderr are terminals, and not --json. */
bool ui_can_ask(void);

/*
 * Ask a yes-no question; @def is what Enter means. 1 yes, 0 no, -ENOTTY when nobody can be asked,
 * -EINTR on Ctrl-C. The end of input (Ctrl-D) is a no. --yes answers yes without asking.
 */
int ui_ask(bool def, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* As ui_ask() for what may lose data: the default is no, and --yes, which was given for something
 * else, is no answer; the option that means just this one is asked before. */
int ui_ask_of_risk(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Choose among @count lines; returns the index, -ENOTTY, or -EINTR. */
int ui_choose(const char *question, const char *const *lines, unsigned count);

/*
 * Ask for a passphrase, which is not shown while it is typed. @ret is not escaped and
 * NUL-terminated. Its length, -ENOTTY, or -EINTR. The caller wipes it (explicit_bzero(3)).
 */
int ui_passphrase(const char *question, char *ret, size_t size);

/* Columns of the terminal on stderr or stdout; 80 when none; at least 40. */
unsigned ui_columns(void);
/* True when stdout may get colour: terminal, no NO_COLOR, TERM not dumb, by --color. */
bool ui_stdout_color(void);

/* Print "key      value" with the value wrapped under itself at the terminal's width, to a text
 * that the caller prints: for banners and reports. @key_width columns for the key. */
struct text;
int ui_format_field(struct text *out, unsigned columns, unsigned key_width, const char *key,
                    const char *value);

/* The same to stdout, at the terminal's width: for tables of a help. */
void ui_print_field(unsigned key_width, const char *key, const char *value);

/* Results that could not be written (a full disk) are a failure: 0, or a negative errno with
 * ERROR_HOST. A reader that has gone is none. */
struct error;
int ui_flush_output(struct error *e);
