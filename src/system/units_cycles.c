/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Cycles in the order of units: what systemd's transaction finds too (src/core/transaction.c,
 * transaction_verify_order_one()), and breaks by leaving a unit out. */

#include "system/units.h"

#include "base/fd.h"

#include <stdlib.h>
#include <string.h>

enum color { WHITE, GREY, BLACK };

struct search {
    const struct units *u;
    unsigned *heads, *next; /* links of each unit, as lists of indices + 1 */
    unsigned char *color;
    unsigned *path, depth;
    unsigned *at; /* the link of each unit on the path that is looked at */
};

static int prepare(struct search *s)
{
    const struct units *u = s->u;

    s->heads = calloc(u->count + 1, sizeof *s->heads);
    s->next = calloc(u->link_count + 1, sizeof *s->next);
    s->color = calloc(u->count + 1, 1);
    s->path = calloc(u->count + 1, sizeof *s->path);
    s->at = calloc(u->count + 1, sizeof *s->at);
    if (!s->heads || !s->next || !s->color || !s->path || !s->at)
        return -1;
    for (unsigned i = u->link_count; i-- > 0;) {
        const struct unit_link *l = &u->links[i];

        if (l->relation != UNIT_AFTER || !u->items[l->from].wanted || !u->items[l->to].wanted)
            continue;
        s->next[i] = s->heads[l->from];
        s->heads[l->from] = i + 1;
    }
    return 0;
}

/* Where @unit is on the path. */
static unsigned place_on_path(const struct search *s, unsigned unit)
{
    unsigned i = s->depth;

    while (i > 0 && s->path[i - 1] != unit)
        i--;
    return i ? i - 1 : 0;
}

static void push(struct search *s, unsigned unit)
{
    s->color[unit] = GREY;
    s->at[s->depth] = s->heads[unit];
    s->path[s->depth++] = unit;
}

unsigned units_find_cycles(const struct units *u, unsigned max,
                           void (*found)(void *userdata, const struct units *u,
                                         const unsigned *cycle, unsigned length),
                           void *userdata)
{
    struct search s = {.u = u};
    unsigned count = 0;

    if (prepare(&s) < 0)
        max = 0;
    for (unsigned start = 0; start < u->count && count < max; start++) {
        if (s.color[start] != WHITE || !u->items[start].wanted)
            continue;
        push(&s, start);
        while (s.depth > 0 && count < max) {
            unsigned link = s.at[s.depth - 1], to;

            if (!link) {
                s.color[s.path[--s.depth]] = BLACK;
                continue;
            }
            s.at[s.depth - 1] = s.next[link - 1];
            to = u->links[link - 1].to;
            if (s.color[to] == GREY) {
                unsigned first = place_on_path(&s, to);

                found(userdata, u, s.path + first, s.depth - first);
                count++;
            } else if (s.color[to] == WHITE) {
                push(&s, to);
            }
        }
        s.depth = 0;
    }
    free(s.heads);
    free(s.next);
    free(s.color);
    free(s.path);
    free(s.at);
    return count;
}
