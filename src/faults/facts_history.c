/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "faults/facts_history.h"

#include <stdlib.h>

const struct history *facts_history(struct examination *x)
{
    static const struct history none;

    if (!x->history) {
        x->history = calloc(1, sizeof *x->history);
        if (!x->history)
            return &none;
        history_read(x->root_fd, x->history);
    }
    return x->history;
}
