/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "terminal/filter_private.h"

/* More digits are no coordinate and no colour; a count of millions makes terminals hang. */
#define DIGITS_MAX 4

/* The control sequences without a prefix that come out, and with how many numbers. */
static const struct {
    char final;
    unsigned char numbers;
} sequences[] = {
    {'@', 1},  {'P', 1}, {'X', 1}, {'b', 1},                     /* characters */
    {'A', 1},  {'B', 1}, {'C', 1}, {'D', 1}, {'E', 1}, {'F', 1}, /* the cursor */
    {'G', 1},  {'H', 2}, {'I', 1}, {'Z', 1}, {'`', 1}, {'a', 1}, /* the cursor */
    {'d', 1},  {'e', 1}, {'f', 2}, {'s', 0}, {'u', 0},           /* the cursor */
    {'J', 1},  {'K', 1},                                         /* erase */
    {'L', 1},  {'M', 1}, {'S', 1}, {'T', 1}, {'r', 2},           /* lines, scrolling */
    {'m', 32},                                                   /* colours, styles */
};

struct numbers {
    unsigned count;
    unsigned value[FILTER_SEQUENCE_MAX + 1];
    bool has_colons;
};

/* "1;22;3:4", each number empty (0) or of few digits. */
static bool read_numbers(const char *text, unsigned size, struct numbers *ret)
{
    unsigned digits = 0;

    *ret = (struct numbers){.count = size > 0};
    for (unsigned i = 0; i < size; i++) {
        if (text[i] == ';' || text[i] == ':') {
            ret->has_colons |= text[i] == ':';
            ret->count++;
            digits = 0;
        } else if (text[i] >= '0' && text[i] <= '9' && ++digits <= DIGITS_MAX) {
            unsigned *value = &ret->value[ret->count - 1];

            *value = *value * 10 + (unsigned)(text[i] - '0');
        } else {
            return false;
        }
    }
    return true;
}

/* Of several modes in one sequence those come out that may be changed. */
static void change_modes(struct filter *f, const struct numbers *n, bool dec, char final,
                         struct output *out)
{
    bool begun = false;

    for (unsigned i = 0; i < n->count; i++) {
        char digits[DIGITS_MAX];
        unsigned used = 0;

        if (!filter_mode_set(&f->modes, dec, n->value[i], final == 'h'))
            continue;
        put_text(out, begun ? ";" : dec ? "\033[?" : "\033[");
        begun = true;
        for (unsigned rest = n->value[i]; rest > 0; rest /= 10)
            digits[used++] = (char)('0' + rest % 10);
        while (used > 0)
            put(out, &digits[--used], 1);
    }
    if (begun)
        put(out, &final, 1);
}

/* Is it one of the table, with numbers that it may have? */
static bool comes_out(const struct numbers *n, char final)
{
    for (size_t i = 0; i < sizeof sequences / sizeof sequences[0]; i++) {
        if (sequences[i].final != final)
            continue;
        if (n->count > sequences[i].numbers || (n->has_colons && final != 'm'))
            return false;
        /* 3 would erase what the user can scroll back to, from before the session. */
        return final != 'J' || n->value[0] <= 2;
    }
    return false;
}

static void note_sequence(struct filter *f, const struct numbers *n, char final)
{
    bool plain = n->count == 0 || (n->count == 1 && n->value[0] == 0);

    if (final == 'm')
        filter_mode_note(&f->modes, FILTER_MODE_STYLE, !plain);
    else if (final == 'r')
        filter_mode_note(&f->modes, FILTER_MODE_MARGINS, n->count > 0);
}

void filter_csi(struct filter *f, char final, struct output *out)
{
    bool dec = f->held > 0 && f->sequence[0] == '?';
    struct numbers n;

    f->state = FILTER_GROUND;
    if (final == 'p' && f->held == 1 && f->sequence[0] == '!') {
        filter_reset(f, out, false);
        return;
    }
    if (!read_numbers(f->sequence + dec, f->held - dec, &n))
        return;
    if (final == 'h' || final == 'l') {
        if (!n.has_colons)
            change_modes(f, &n, dec, final, out);
        return;
    }
    if (dec || !comes_out(&n, final))
        return;
    note_sequence(f, &n, final);
    put_text(out, "\033[");
    put(out, f->sequence, f->held);
    put(out, &final, 1);
}
