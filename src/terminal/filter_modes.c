/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "terminal/filter_private.h"

/*
 * Sequences by xterm's ctlseqs. "Enter" is what a payload said, "leave" takes it back. They are
 * left from the first row to the last; the other screen comes late, as it has margins and a cursor
 * of its own.
 */
static const struct {
    unsigned number;
    bool dec;
    const char *enter, *leave;
} table[] = {
    [FILTER_MODE_KEYPAD] = {0, false, "\033=", "\033>"},
    [FILTER_MODE_G0] = {0, false, "\033(0", "\033(B"},
    [FILTER_MODE_G1] = {0, false, "\033)0", "\033)B"},
    [FILTER_MODE_SHIFT] = {0, false, "\016", "\017"},
    /* Setting margins moves the cursor. With which numbers is not known: programs draw anew. */
    [FILTER_MODE_MARGINS] = {0, false, "", "\0337\033[r\0338"},
    /* 10: the Linux console's way out of 11, which shows control characters. */
    [FILTER_MODE_STYLE] = {0, false, "", "\033[0;10m"},

    {4, false, "\033[4h", "\033[4l"},           /* insert: readline, mc */
    {1, true, "\033[?1h", "\033[?1l"},          /* cursor keys of applications: ncurses */
    {5, true, "\033[?5h", "\033[?5l"},          /* reverse screen: the visible bell */
    {7, true, "\033[?7l", "\033[?7h"},          /* no wrapping: htop, nano */
    {12, true, "\033[?12h", "\033[?12l"},       /* blinking cursor: vim, ncurses */
    {1000, true, "\033[?1000h", "\033[?1000l"}, /* mouse clicks: htop, mc */
    {1002, true, "\033[?1002h", "\033[?1002l"}, /* mouse drags: mc */
    {1006, true, "\033[?1006h", "\033[?1006l"}, /* how the two are told */
    {2004, true, "\033[?2004h", "\033[?2004l"}, /* marks around what is pasted: readline, vim */
    {47, true, "\033[?47h", "\033[?47l"},       /* the other screen, in three generations */
    {1047, true, "\033[?1047h", "\033[?1047l"},
    {1049, true, "\033[?1049h", "\033[?1049l"},
    {1048, true, "", ""},                 /* the saved cursor: no mode */
    {25, true, "\033[?25l", "\033[?25h"}, /* no cursor */
};

#define ROWS (sizeof table / sizeof table[0])

_Static_assert(ROWS <= 32, "a mode is a bit of struct filter");

void filter_mode_note(uint32_t *modes, unsigned row, bool on)
{
    *modes = on ? *modes | FILTER_MODE_BIT(row) : *modes & ~FILTER_MODE_BIT(row);
}

bool filter_mode_set(uint32_t *modes, bool dec, unsigned number, bool set)
{
    for (unsigned row = FILTER_MODE_NUMBERED; row < ROWS; row++) {
        const char *enter = table[row].enter;
        bool enters_by_set = enter[0] && enter[strlen(enter) - 1] == 'h';

        if (table[row].number != number || table[row].dec != dec)
            continue;
        if (enter[0])
            filter_mode_note(modes, row, set == enters_by_set);
        return true;
    }
    return false;
}

static size_t append(char *out, size_t used, const char *text)
{
    while (*text)
        out[used++] = *text++;
    return used;
}

size_t filter_modes_leave(uint32_t modes, char *out)
{
    size_t used = 0;

    for (unsigned row = 0; row < ROWS; row++)
        if (modes & FILTER_MODE_BIT(row))
            used = append(out, used, table[row].leave);
    return used;
}

size_t filter_modes_enter(uint32_t modes, char *out)
{
    size_t used = 0;

    for (unsigned row = ROWS; row-- > 0;)
        if (modes & FILTER_MODE_BIT(row))
            used = append(out, used, table[row].enter);
    return used;
}
