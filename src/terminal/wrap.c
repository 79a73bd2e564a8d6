/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "terminal/wrap.h"
#include "terminal/width.h"

#include <string.h>

struct wrap {
    struct text *out;
    unsigned columns, hang;
    unsigned at;      /* column that comes next */
    unsigned pending; /* spaces between the last word and the next */
    bool fresh;       /* nothing but indentation is on this line yet */
};

static void put_spaces(struct text *out, unsigned count)
{
    while (count--)
        (void)text_append(out, " ", 1);
}

static void break_line(struct wrap *w)
{
    (void)text_append(w->out, "\n", 1);
    put_spaces(w->out, w->hang);
    w->at = w->hang;
    w->pending = 0;
    w->fresh = true;
}

/* What a line can hold after its indentation; a terminal narrower than that has lost anyway. */
static unsigned line_room(const struct wrap *w)
{
    return w->columns > w->hang ? w->columns - w->hang : 1;
}

static void put_word(struct wrap *w, const char *word, size_t size)
{
    unsigned wide = width_of(word, size);

    if (w->columns != WRAP_NEVER && w->at + w->pending + wide > w->columns && !w->fresh &&
        (wide <= line_room(w) || w->at + w->pending >= w->columns))
        break_line(w);
    put_spaces(w->out, w->pending);
    w->at += w->pending;
    w->pending = 0;
    w->fresh = false;
    while (w->columns != WRAP_NEVER && w->at + wide > w->columns) {
        unsigned room = w->columns > w->at ? w->columns - w->at : 0;
        size_t fit = width_fit(word, size, room);

        if (fit == 0 && w->at <= w->hang)
            break; /* not even one character fits: let the terminal wrap */
        (void)text_append(w->out, word, fit);
        word += fit;
        size -= fit;
        wide = width_of(word, size);
        break_line(w);
        w->fresh = false;
    }
    (void)text_append(w->out, word, size);
    w->at += wide;
}

int wrap_append(struct text *out, const char *s, unsigned columns, unsigned used, unsigned hang)
{
    struct wrap w = {.out = out, .columns = columns, .hang = hang, .at = used, .fresh = true};

    while (*s && !out->failed) {
        size_t spaces = strspn(s, " "), word = strcspn(s + spaces, " \n");

        w.pending += (unsigned)spaces;
        s += spaces;
        if (word > 0)
            put_word(&w, s, word);
        s += word;
        if (*s == '\n') {
            (void)text_append(out, "\n", 1);
            w.at = w.pending = 0;
            w.fresh = true;
            s++;
        }
    }
    return out->failed;
}
