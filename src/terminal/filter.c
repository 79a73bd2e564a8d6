/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "terminal/filter.h"

#include "terminal/filter_private.h"

#include <string.h>

#define ESC    0x1b
#define DELETE 0x7f

static void put_replacement(const struct filter *f, struct output *out)
{
    put_text(out, f->utf8 ? "\xef\xbf\xbd" : "?");
}

void filter_init(struct filter *f, bool utf8)
{
    *f = (struct filter){.utf8 = utf8};
}

size_t filter_leave(struct filter *f, char *out)
{
    size_t size = filter_modes_leave(f->modes, out);

    f->modes = 0;
    f->state = FILTER_GROUND;
    return size;
}

size_t filter_enter(const struct filter *f, char *out)
{
    return filter_modes_enter(f->modes, out);
}

/* reset(1), tput(1): the real thing also changes what we do not know. */
void filter_reset(struct filter *f, struct output *out, bool clear)
{
    out->size += filter_leave(f, out->bytes + out->size);
    if (clear)
        put_text(out, "\033[H\033[2J");
}

static void control(struct filter *f, unsigned char c, struct output *out)
{
    if (c < '\a' || c > 017)
        return;
    if (c == 016 || c == 017)
        filter_mode_note(&f->modes, FILTER_MODE_SHIFT, c == 016);
    put(out, &c, 1);
}

/* --- characters --- */

/* How many bytes the character has that begins with @c; 0: none begins so (RFC 3629). */
static unsigned character_size(unsigned char c)
{
    return c >= 0xc2 && c <= 0xdf ? 2 : c >= 0xe0 && c <= 0xef ? 3 : c >= 0xf0 && c <= 0xf4 ? 4 : 0;
}

/* May @c follow as byte number @at? Overlong forms, surrogates and what is beyond U+10FFFF show in
 * the second byte. */
static bool may_follow(unsigned char first, unsigned at, unsigned char c)
{
    unsigned char low = 0x80, high = 0xbf;

    if (at == 1) {
        low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : low;
        high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : high;
    }
    return c >= low && c <= high;
}

/* U+0080 to U+009F are controls, for which terminals take the decoded character, too. */
static bool is_c1(const char *bytes, unsigned size)
{
    return size == 2 && (unsigned char)bytes[0] == 0xc2 && (unsigned char)bytes[1] < 0xa0;
}

static void begin_character(struct filter *f, unsigned char c, struct output *out)
{
    unsigned size = character_size(c);

    if (size == 0) {
        put_replacement(f, out);
        return;
    }
    f->sequence[0] = (char)c;
    f->held = 1;
    f->missing = size - 1;
    f->state = FILTER_CHARACTER;
}

/* False when @c does not belong to the character, and is still to be looked at. */
static bool go_on_with_character(struct filter *f, unsigned char c, struct output *out)
{
    if (!may_follow((unsigned char)f->sequence[0], f->held, c)) {
        put_replacement(f, out);
        f->state = FILTER_GROUND;
        return false;
    }
    f->sequence[f->held++] = (char)c;
    if (--f->missing > 0)
        return true;
    f->state = FILTER_GROUND;
    if (is_c1(f->sequence, f->held))
        return true;
    if (f->utf8)
        put(out, f->sequence, f->held);
    else
        put_replacement(f, out);
    return true;
}

/* --- control sequences --- */

/* False when @c is still to be looked at. Controls in the middle work as if they came before. */
static bool go_on_with_csi(struct filter *f, unsigned char c, struct output *out)
{
    if (c < 0x20) {
        control(f, c, out);
    } else if (c >= 0x80) {
        f->state = FILTER_GROUND;
        return false;
    } else if (c >= 0x40 && c < DELETE) {
        if (f->state == FILTER_CSI)
            filter_csi(f, (char)c, out);
        f->state = FILTER_GROUND;
    } else if (c < 0x40) {
        if (f->held == sizeof f->sequence)
            f->state = FILTER_CSI_IGNORE;
        else
            f->sequence[f->held++] = (char)c;
    }
    return true;
}

/* --- escape sequences --- */

static void end_escape(struct filter *f, unsigned char c, struct output *out)
{
    f->state = FILTER_GROUND;
    switch (c) {
    case '[':
        f->state = FILTER_CSI;
        f->held = 0;
        break;
    case ']':
        f->state = FILTER_STRING_START;
        break;
    case 'P': /* DCS */
    case 'X': /* SOS */
    case '^': /* PM */
    case '_': /* APC */
    case 'k': /* screen(1): a title */
        f->state = FILTER_STRING;
        break;
    case 'c':
        filter_reset(f, out, true);
        break;
    case '=':
    case '>':
        filter_mode_note(&f->modes, FILTER_MODE_KEYPAD, c == '=');
        put(out, (char[]){ESC, (char)c}, 2);
        break;
    case '7':
    case '8':
    case 'D':
    case 'E':
    case 'M':
        put(out, (char[]){ESC, (char)c}, 2);
        break;
    default:
        break;
    }
}

/* Line drawing of ncurses programs, where it is no Unicode, is in the character set "0". */
static void end_intermediate(struct filter *f, unsigned char c, struct output *out)
{
    bool first = f->sequence[0] == '(';

    f->state = FILTER_GROUND;
    if (f->held != 1 || (!first && f->sequence[0] != ')') || (c != 'B' && c != '0'))
        return;
    filter_mode_note(&f->modes, first ? FILTER_MODE_G0 : FILTER_MODE_G1, c == '0');
    put(out, (char[]){ESC, f->sequence[0], (char)c}, 3);
}

static bool go_on_with_escape(struct filter *f, unsigned char c, struct output *out)
{
    if (c < 0x20) {
        control(f, c, out);
    } else if (c >= 0x80) {
        f->state = FILTER_GROUND;
        return false;
    } else if (c < 0x30) {
        if (f->state == FILTER_ESCAPE)
            f->held = 0;
        f->state = FILTER_INTERMEDIATE;
        f->sequence[0] = (char)c;
        f->held += f->held < 2; /* all that matters is whether there is more than one */
    } else if (c < DELETE) {
        if (f->state == FILTER_ESCAPE)
            end_escape(f, c, out);
        else
            end_intermediate(f, c, out);
    }
    return true;
}

/* --- strings --- */

/* The Linux console has two that no terminator follows: console_codes(4), ESC ] P and ESC ] R. */
static void begin_string(struct filter *f, unsigned char c)
{
    f->state = FILTER_STRING;
    if (c == 'R' || c == '\a')
        f->state = FILTER_GROUND;
    if (c != 'P')
        return;
    f->state = FILTER_PALETTE;
    f->missing = 7;
}

static void go_on_with_palette(struct filter *f, unsigned char c)
{
    bool is_digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');

    if (!is_digit)
        f->state = c == '\a' ? FILTER_GROUND : FILTER_STRING;
    else if (--f->missing == 0)
        f->state = FILTER_GROUND;
}

/* --- the machine --- */

/* False when the state changed and @c is still to be looked at. */
static bool step(struct filter *f, unsigned char c, struct output *out)
{
    switch (f->state) {
    case FILTER_GROUND:
        if (c >= 0x80)
            begin_character(f, c, out);
        else if (c >= 0x20 && c != DELETE)
            put(out, &c, 1);
        else
            control(f, c, out);
        return true;
    case FILTER_CHARACTER:
        return go_on_with_character(f, c, out);
    case FILTER_ESCAPE:
    case FILTER_INTERMEDIATE:
        return go_on_with_escape(f, c, out);
    case FILTER_CSI:
    case FILTER_CSI_IGNORE:
        return go_on_with_csi(f, c, out);
    case FILTER_STRING_START:
        begin_string(f, c);
        return true;
    case FILTER_PALETTE:
        go_on_with_palette(f, c);
        return true;
    case FILTER_STRING:
        if (c == '\a')
            f->state = FILTER_GROUND;
        return true;
    }
    return true;
}

size_t filter_run(struct filter *f, const char *data, size_t size, char *out)
{
    struct output output = {.bytes = out};

    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)data[i];

        /* These end everything that was begun (ECMA-48 8.3.6, and every terminal); ST, the end of a
         * string, is one of them: ESC and a backslash. */
        if (c == ESC || c == 0x18 || c == 0x1a) {
            if (f->state == FILTER_CHARACTER)
                put_replacement(f, &output);
            f->state = c == ESC ? FILTER_ESCAPE : FILTER_GROUND;
            continue;
        }
        while (!step(f, c, &output))
            ;
    }
    return output.size;
}
