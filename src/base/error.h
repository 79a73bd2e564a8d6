/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Errors travel up the stack as a negative errno, plus a struct error in the storage of the
 * top-most caller that collects what happened. Nothing here allocates, so running out of memory
 * can be reported like everything else. Libraries fill it; only main.c prints it.
 */

#include <stddef.h>

/* What sort of failure it is. The values are the exit statuses of the program (docs: unbrick(1)).
 */
enum error_kind {
    ERROR_FAILED = 1,        /* something that was asked for went wrong */
    ERROR_USAGE = 2,         /* wrong arguments */
    ERROR_REFUSED = 3,       /* refused for safety, or declined at a prompt */
    ERROR_TARGET = 4,        /* not a usable target */
    ERROR_FILESYSTEM = 5,    /* file-system errors left that the command needed gone */
    ERROR_HOST = 6,          /* the host lacks something: privileges, a program, a kernel feature */
    ERROR_INTERRUPTED = 130, /* Ctrl-C */
};

#define ERROR_TEXT_SIZE 1024 /* bytes */

struct error {
    int code;                   /* negative errno of the cause; 0: no error was recorded */
    enum error_kind kind;       /* exit status to use */
    char reason[40];            /* stable word for --json, e.g. "in-use" */
    char text[ERROR_TEXT_SIZE]; /* one sentence, outermost context first; already safe to print */
    char advice[512];           /* what to do about it; may be empty */
};

/*
 * Record a failure. @code is a negative errno and is returned, so that a caller can write
 * `return error_set(e, ...)`. @reason is a stable lower-case word with hyphens. @e may be NULL.
 * Text that comes from a disk must go through text_safe() before it is passed as an argument.
 */
int error_set(struct error *e, enum error_kind kind, int code, const char *reason, const char *fmt,
              ...) __attribute__((format(printf, 5, 6)));

/* As error_set() with ERROR_FAILED and reason "failed"; appends ": strerror(-code)" to the text. */
int error_errno(struct error *e, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Put "context: " before the text on the way up. Returns e->code (or @code when @e is NULL). When
 * nothing was recorded below, this is error_errno(). */
int error_context(struct error *e, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Say what the person can do. Replaces earlier advice. Returns e->code (0 when @e is NULL). */
int error_advise(struct error *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Forget what was recorded, before a second way is tried. */
void error_clear(struct error *e);
