/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "terminal/ui_private.h"
#include "terminal/width.h"

#include <stdio.h>
#include <string.h>

#define BAR_MIN 8
#define BAR_MAX 40
/* A name is worth more than a long bar. */
#define BAR_SHARE 3

/* "0:12", "1:02:03" */
static void format_elapsed(unsigned seconds, char *buf, size_t size)
{
    if (seconds < 3600)
        snprintf(buf, size, "%u:%02u", seconds / 60, seconds % 60);
    else
        snprintf(buf, size, "%u:%02u:%02u", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

/* @what in at most @room columns, cut in the middle of nothing: at its end, with dots. */
static void append_cut(struct text *out, const char *what, unsigned room)
{
    size_t size = strlen(what);

    if (width_of(what, size) <= room) {
        (void)text_append(out, what, size);
        return;
    }
    (void)text_append(out, what, width_fit(what, size, room > 3 ? room - 3 : 0));
    (void)text_append(out, "...", room < 3 ? room : 3);
}

static void append_bar(struct text *out, unsigned width, unsigned percent)
{
    unsigned full = width * percent / 100;

    (void)text_append(out, "  [", 3);
    for (unsigned i = 0; i < width; i++)
        (void)text_append(out, i < full ? "#" : ".", 1);
    (void)text_append(out, "]", 1);
}

int ui_progress_format(struct text *out, unsigned columns, const char *what, int percent,
                       unsigned elapsed_seconds)
{
    char elapsed[24], tail[48];
    unsigned room = columns - 1, tail_width, what_width = width_of(what, strlen(what)), bar;

    format_elapsed(elapsed_seconds, elapsed, sizeof elapsed);
    if (percent < 0)
        snprintf(tail, sizeof tail, " ... %s", elapsed);
    else
        snprintf(tail, sizeof tail, "  %2d %%  %s", percent > 100 ? 100 : percent, elapsed);
    tail_width = (unsigned)strlen(tail);
    room = room > tail_width ? room - tail_width : 0;
    bar = room / BAR_SHARE < BAR_MAX ? room / BAR_SHARE : BAR_MAX;
    /* What the name leaves over; brackets and spaces take four columns. */
    if (room < what_width + 4 + bar)
        bar = room > what_width + 4 + BAR_MIN ? room - what_width - 4 : BAR_MIN;
    if (percent < 0 || room < 2 * BAR_MIN + 4) {
        append_cut(out, what, room);
    } else {
        append_cut(out, what, room - 4 - bar);
        append_bar(out, bar, percent > 100 ? 100 : (unsigned)percent);
    }
    return text_append(out, tail, tail_width);
}

void ui_progress_wipe(void)
{
    if (ui_state.progress[0])
        ui_write("\r\033[K", 4);
}

void ui_progress_redraw(void)
{
    if (ui_state.progress[0])
        ui_write(ui_state.progress, strlen(ui_state.progress));
}

void ui_progress(const char *what, int percent, unsigned elapsed_seconds)
{
    _cleanup_text_ struct text line = TEXT_INIT(sizeof ui_state.progress - 1);

    if (!ui_state.stderr_is_terminal || ui_state.settings.quiet || ui_state.settings.json)
        return;
    if (ui_progress_format(&line, ui_columns(), what, percent, elapsed_seconds) < 0)
        return;
    if (strcmp(ui_state.progress, line.data) == 0)
        return;
    ui_progress_wipe();
    memcpy(ui_state.progress, line.data, line.size + 1);
    ui_progress_redraw();
}

void ui_progress_end(void)
{
    ui_progress_wipe();
    ui_state.progress[0] = '\0';
}
