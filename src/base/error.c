/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int error_set(struct error *e, enum error_kind kind, int code, const char *reason, const char *fmt,
              ...)
{
    va_list ap;

    if (!e)
        return code;
    e->code = code;
    e->kind = kind;
    e->advice[0] = '\0';
    snprintf(e->reason, sizeof e->reason, "%s", reason);
    va_start(ap, fmt);
    vsnprintf(e->text, sizeof e->text, fmt, ap);
    va_end(ap);
    return code;
}

int error_errno(struct error *e, int code, const char *fmt, ...)
{
    va_list ap;
    size_t used;

    if (!e)
        return code;
    e->code = code;
    e->kind = ERROR_FAILED;
    e->advice[0] = '\0';
    snprintf(e->reason, sizeof e->reason, "failed");
    va_start(ap, fmt);
    vsnprintf(e->text, sizeof e->text, fmt, ap);
    va_end(ap);
    used = strlen(e->text);
    snprintf(e->text + used, sizeof e->text - used, ": %s", strerror(-code));
    return code;
}

int error_context(struct error *e, int code, const char *fmt, ...)
{
    char inner[ERROR_TEXT_SIZE];
    va_list ap;
    size_t used;

    if (!e)
        return code;
    memcpy(inner, e->text, sizeof inner);
    va_start(ap, fmt);
    vsnprintf(e->text, sizeof e->text, fmt, ap);
    va_end(ap);
    used = strlen(e->text);
    /* Nobody below said what it is: a failure must not look like success for that. */
    if (e->code == 0) {
        memcpy(inner, e->text, sizeof inner);
        return error_errno(e, code, "%s", inner);
    }
    snprintf(e->text + used, sizeof e->text - used, ": %s", inner);
    return e->code;
}

int error_advise(struct error *e, const char *fmt, ...)
{
    va_list ap;

    if (!e)
        return 0;
    va_start(ap, fmt);
    vsnprintf(e->advice, sizeof e->advice, fmt, ap);
    va_end(ap);
    return e->code;
}

void error_clear(struct error *e)
{
    if (e)
        memset(e, 0, sizeof *e);
}
