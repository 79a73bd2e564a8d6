/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a payload may say to the administrator's terminal. A terminal obeys what it is shown: it
 * answers questions with text that the next shell reads as typed, fills the clipboard, changes its
 * title, its fonts, the meaning of its keys. So control sequences (ECMA-48, xterm's ctlseqs,
 * console_codes(4)) are parsed, and only those come out that full-screen programs need to draw:
 *
 *   printable UTF-8; BEL BS TAB LF VT FF CR SO SI
 *   ESC 7 8 D E M = >      ESC ( B   ESC ( 0   ESC ) B   ESC ) 0
 *   CSI numbers F          for the final bytes F of the table in filter_csi.c
 *   CSI ? numbers h, l     for the modes of the table in filter_modes.c
 *
 * Everything else disappears, wherever the input is split; a byte that is no UTF-8 becomes U+FFFD.
 * A sequence comes out whole or not at all, so that text of ours may be put between two calls.
 * The modes that are on are remembered: filter_leave() puts the terminal back.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A longer control sequence is none that we know. */
#define FILTER_SEQUENCE_MAX 128

/* Room for what filter_leave() and filter_enter() write. */
#define FILTER_MODES_MAX 256

/* Room for what comes of @size bytes: a bad byte becomes three, the end of a sequence all of it, a
 * reset everything that it has to undo. */
#define FILTER_ROOM(size) (4 * (size) + FILTER_SEQUENCE_MAX + FILTER_MODES_MAX)

enum filter_state {
    FILTER_GROUND,
    FILTER_CHARACTER,    /* inside a UTF-8 character */
    FILTER_ESCAPE,       /* after ESC */
    FILTER_INTERMEDIATE, /* after ESC and bytes of 0x20 to 0x2f */
    FILTER_CSI,          /* after ESC [ */
    FILTER_CSI_IGNORE,   /* the same, and it is one that does not come out */
    FILTER_STRING,       /* inside OSC, DCS, APC, PM, SOS or a title of screen(1): up to its end */
    FILTER_STRING_START, /* right after ESC ] */
    FILTER_PALETTE,      /* inside the Linux console's ESC ] P, which has no end but a length */
};

struct filter {
    enum filter_state state;
    bool utf8;                          /* the terminal reads UTF-8; else only ASCII comes out */
    uint32_t modes;                     /* which rows of the table of modes are on */
    unsigned missing;                   /* bytes that the character or the palette still wants */
    unsigned held;                      /* bytes in .sequence */
    char sequence[FILTER_SEQUENCE_MAX]; /* the beginning of a character, or what came after ESC [ */
};

/* Start in the state of a terminal that nobody has changed. */
void filter_init(struct filter *f, bool utf8);

/* Filter @size bytes into @out, which has room for FILTER_ROOM(@size). Returns how many came out.
 */
size_t filter_run(struct filter *f, const char *data, size_t size, char *out);

/* What takes the modes back that are on, into @out (FILTER_MODES_MAX); they count as off then. What
 * a sequence was begun with is forgotten. Returns how many bytes. */
size_t filter_leave(struct filter *f, char *out);

/* What sets the modes that are on, on another terminal, into @out (FILTER_MODES_MAX). */
size_t filter_enter(const struct filter *f, char *out);
