/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "terminal/raw_mode.h"
#include "terminal/ui_private.h"
#include "terminal/wrap.h"

#include "base/fd.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

struct ui_state ui_state = {.settings = {.log_fd = -1}};

/* How a kind of message looks. */
static const struct style {
    const char *name;   /* in the log */
    const char *prefix; /* on the screen */
    const char *color;  /* of the prefix */
    unsigned hang;
    bool when_quiet;
} styles[] = {
    {"note", "", "", 2, false},
    {"detail", "", "", 2, false},
    {"warning", "warning: ", "\033[1;33m", 9, false},
    {"error", "unbrick: ", "\033[1;31m", 9, true},
};

enum style_index { STYLE_NOTE, STYLE_DETAIL, STYLE_WARNING, STYLE_ERROR };

void ui_write(const char *data, size_t size)
{
    bool raw = ui_state.stderr_is_terminal && raw_mode_is_on();

    while (size > 0) {
        const char *end = raw ? memchr(data, '\n', size) : NULL;
        size_t n = end ? (size_t)(end - data) : size;

        if (fd_write_all(STDERR_FILENO, data, n) < 0)
            return; /* there is nobody to tell */
        if (end && fd_write_all(STDERR_FILENO, "\r\n", 2) < 0)
            return;
        n += end != NULL;
        data += n;
        size -= n;
    }
}

void ui_log(const char *kind, const char *text)
{
    _cleanup_text_ struct text line = TEXT_INIT(UI_TEXT_MAX + 128);
    time_t now = time(NULL);
    char stamp[40] = "";
    struct tm tm;

    if (ui_state.settings.log_fd < 0)
        return;
    if (localtime_r(&now, &tm))
        (void)strftime(stamp, sizeof stamp, "%Y-%m-%d %H:%M:%S ", &tm);
    (void)text_appendf(&line, "%s%s: ", stamp, kind);
    (void)wrap_append(&line, text, WRAP_NEVER, 0, 0);
    if (line.failed || text_append(&line, "\n", 1) < 0)
        return;
    if (fd_write_all(ui_state.settings.log_fd, line.data, line.size) < 0) {
        ui_state.settings.log_fd = -1;
        ui_warn("the log cannot be written any more");
    }
}

/* Each line of @text by itself, so that what follows the first stands under it. */
static void append_lines(struct text *out, const struct style *style, const char *text)
{
    unsigned used = (unsigned)strlen(style->prefix);

    while (*text) {
        size_t size = strcspn(text, "\n");
        _cleanup_free_ char *line = strndup(text, size);

        if (!line)
            return;
        (void)wrap_append(out, line, ui_message_columns(), used, style->hang);
        (void)text_append(out, "\n", 1);
        text += size + (text[size] == '\n');
        used = 0;
        for (size_t i = strlen(style->prefix); *text && i > 0; i--, used++)
            (void)text_append(out, " ", 1);
    }
}

static void show(const struct style *style, const char *text)
{
    _cleanup_text_ struct text out = TEXT_INIT(UI_TEXT_MAX * 2);
    bool color = ui_state.stderr_color && style->color[0];

    (void)text_appendf(&out, "%s%s%s", color ? style->color : "", style->prefix,
                       color ? "\033[0m" : "");
    append_lines(&out, style, text);
    if (!out.data)
        return;
    ui_progress_wipe();
    ui_write(out.data, out.size);
    ui_progress_redraw();
}

static void message(enum style_index index, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

static void message(enum style_index index, const char *fmt, va_list ap)
{
    _cleanup_text_ struct text text = TEXT_INIT(UI_TEXT_MAX);
    const struct style *style = &styles[index];

    if (text_vappendf(&text, fmt, ap) < 0 || !text.data)
        return;
    ui_log(style->name, text.data);
    if (ui_state.settings.quiet && !style->when_quiet)
        return;
    if (index == STYLE_DETAIL && !ui_state.settings.verbose)
        return;
    show(style, text.data);
}

#define MESSAGE(index)                                                                             \
    do {                                                                                           \
        va_list ap;                                                                                \
        va_start(ap, fmt);                                                                         \
        message(index, fmt, ap);                                                                   \
        va_end(ap);                                                                                \
    } while (0)

void ui_note(const char *fmt, ...)
{
    MESSAGE(STYLE_NOTE);
}

void ui_warn(const char *fmt, ...)
{
    MESSAGE(STYLE_WARNING);
}

void ui_error(const char *fmt, ...)
{
    MESSAGE(STYLE_ERROR);
}

void ui_detail(const char *fmt, ...)
{
    MESSAGE(STYLE_DETAIL);
}

void ui_log_raw(const char *line)
{
    _cleanup_text_ struct text safe = TEXT_INIT(UI_TEXT_MAX);

    if (ui_state.settings.log_fd >= 0 && text_append_safe(&safe, line, strlen(line)) == 0)
        ui_log("output", safe.data ? safe.data : "");
}
