/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Text of any bytes at any width: wrapping loses nothing, a progress line stays on its line. */

#include "terminal/ui.h"
#include "terminal/ui_private.h"
#include "terminal/width.h"
#include "terminal/wrap.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 65536

static size_t count_visible(const char *s, size_t size)
{
    size_t n = 0;

    for (size_t i = 0; i < size; i++)
        n += s[i] != ' ' && s[i] != '\n';
    return n;
}

static void check_wrap(const char *s, unsigned columns, unsigned hang)
{
    _cleanup_text_ struct text out = TEXT_INIT(16 * TEXT_MAX);

    if (wrap_append(&out, s, columns, 0, hang) < 0)
        return;
    if (count_visible(out.data ? out.data : "", out.size) != count_visible(s, strlen(s)))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_text_ struct text field = TEXT_INIT(16 * TEXT_MAX), line = TEXT_INIT(511);
    char *s;

    if (size < 3 || size > 4096)
        return 0;
    s = strndup((const char *)data + 3, size - 3);
    if (!s)
        return 0;
    check_wrap(s, data[0], data[1] % 16);
    (void)ui_format_field(&field, 40 + data[0], data[1] % 16, s, s);
    if (ui_progress_format(&line, 40 + data[0], s, data[2] - 1, data[1] * 997u) == 0 &&
        width_of(line.data, line.size) >= 40u + data[0])
        abort();
    free(s);
    return 0;
}
