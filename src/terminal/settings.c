/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "terminal/ui_private.h"
#include "terminal/wrap.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define COLUMNS_DEFAULT 80
#define COLUMNS_MIN     40
#define COLUMNS_MAX     300

/* no-color.org: set and not empty means no. */
static bool may_color(int fd)
{
    const char *term = getenv("TERM");

    if (ui_state.settings.color != UI_COLOR_AUTO)
        return ui_state.settings.color == UI_COLOR_ALWAYS;
    return isatty(fd) && text_is_empty(getenv("NO_COLOR")) && term && strcmp(term, "dumb") != 0;
}

void ui_setup(const struct ui_settings *settings)
{
    int log_fd = ui_state.settings.log_fd;

    ui_state.settings = *settings;
    if (settings->log_fd < 0)
        ui_state.settings.log_fd = log_fd;
    ui_terminal_changed();
}

void ui_terminal_changed(void)
{
    ui_state.stderr_is_terminal = isatty(STDERR_FILENO);
    ui_state.stderr_color = may_color(STDERR_FILENO);
}

void ui_set_log(int fd)
{
    ui_state.settings.log_fd = fd;
}

bool ui_stdout_color(void)
{
    return may_color(STDOUT_FILENO);
}

static unsigned columns_of(int fd)
{
    struct winsize size;

    return ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

unsigned ui_columns(void)
{
    unsigned columns = columns_of(STDERR_FILENO);

    if (columns == 0)
        columns = columns_of(STDOUT_FILENO);
    if (columns == 0)
        columns = COLUMNS_DEFAULT;
    return columns < COLUMNS_MIN ? COLUMNS_MIN : columns > COLUMNS_MAX ? COLUMNS_MAX : columns;
}

unsigned ui_message_columns(void)
{
    return ui_state.stderr_is_terminal ? ui_columns() : WRAP_NEVER;
}
