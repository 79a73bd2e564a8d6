/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Shared by the files behind filter.h only. */

#include "terminal/filter.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* --- output: the caller gave room --- */

struct output {
    char *bytes;
    size_t size;
};

static inline void put(struct output *out, const void *bytes, size_t size)
{
    memcpy(out->bytes + out->size, bytes, size);
    out->size += size;
}

static inline void put_text(struct output *out, const char *text)
{
    put(out, text, strlen(text));
}

/* Take back what is on, as reset(1) and tput(1) ask for; the real thing would also change what we
 * do not know. */
void filter_reset(struct filter *f, struct output *out, bool clear);

/* --- control sequences: filter_csi.c --- */

/* ESC [, what is in .sequence, and @final. */
void filter_csi(struct filter *f, char final, struct output *out);

/* --- modes that may be changed, since they are known and taken back: filter_modes.c --- */

/* Those that are not set by number, as rows of the table. */
enum {
    FILTER_MODE_KEYPAD,  /* ESC = */
    FILTER_MODE_G0,      /* ESC ( 0 */
    FILTER_MODE_G1,      /* ESC ) 0 */
    FILTER_MODE_SHIFT,   /* SO */
    FILTER_MODE_MARGINS, /* CSI r with numbers */
    FILTER_MODE_STYLE,   /* CSI m with numbers */
    FILTER_MODE_NUMBERED /* the first of those that are */
};

#define FILTER_MODE_BIT(row) (UINT32_C(1) << (row))

/* Note that the row is on or off. */
void filter_mode_note(uint32_t *modes, unsigned row, bool on);

/* Note what CSI @number h (@set) or l does; @dec: with the question mark. False when it is none
 * that may be changed. */
bool filter_mode_set(uint32_t *modes, bool dec, unsigned number, bool set);

/* What takes all of @modes back, or sets them, into @out. Returns how many bytes, at most
 * FILTER_MODES_MAX - 16. */
size_t filter_modes_leave(uint32_t modes, char *out);
size_t filter_modes_enter(uint32_t modes, char *out);
