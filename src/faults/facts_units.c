/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "faults/facts_units.h"

#include <stdlib.h>

const struct units *facts_units(struct examination *x)
{
    static const struct units none = {.target = -1};

    if (!x->units) {
        x->units = calloc(1, sizeof *x->units);
        if (!x->units)
            return &none;
        *x->units = none;
        if (x->system->init == INIT_SYSTEMD)
            (void)units_load(x->root_fd, x->units);
    }
    return x->units;
}

void facts_units_free(struct units *u)
{
    if (!u)
        return;
    units_free(u);
    free(u);
}
