/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/error.h"
#include "terminal/ui_private.h"
#include "terminal/width.h"
#include "terminal/wrap.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int ui_format_field(struct text *out, unsigned columns, unsigned key_width, const char *key,
                    const char *value)
{
    size_t size = strlen(key);
    unsigned used = width_of(key, size);

    (void)text_append(out, key, size);
    /* A key that fills its column must not touch the value. */
    for (bool first = size > 0; first || used < key_width; first = false, used++)
        (void)text_append(out, " ", 1);
    (void)wrap_append(out, value, columns, used, key_width);
    return text_append(out, "\n", 1);
}

/* A pipe without a reader is in error (pipe(7), poll(2)). */
static bool reader_has_gone(void)
{
    struct pollfd output = {.fd = STDOUT_FILENO};

    return poll(&output, 1, 0) == 1 && output.revents & (POLLERR | POLLHUP);
}

int ui_flush_output(struct error *e)
{
    int failed;

    /* What failed before was reported then to nobody. */
    if (!ferror(stdout) && fflush(stdout) == 0)
        return 0;
    failed = errno ? errno : EIO;
    /* head(1) has seen enough. */
    if (reader_has_gone())
        return 0;
    return error_set(e, ERROR_HOST, -failed, "output", "cannot write the output: %s",
                     strerror(failed));
}

void ui_print_field(unsigned key_width, const char *key, const char *value)
{
    _cleanup_text_ struct text t = TEXT_INIT(UI_TEXT_MAX);

    (void)ui_format_field(&t, ui_columns(), key_width, key, value);
    (void)fputs(t.data ? t.data : "", stdout);
}
