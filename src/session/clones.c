/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/clones.h"

#include "base/text.h"
#include "session/sessions_of.h"
#include "storage/inventory.h"
#include "storage/same_disk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* Also by another path to it. */
static bool is_ours(struct disk *const *disks, unsigned count, const char *path)
{
    for (unsigned i = 0; i < count; i++)
        if (disk_is(disks[i], path) || same_disk(disks[i]->target, path))
            return true;
    return false;
}

static bool is_copy(const struct disk *d, const char *path, char *ret, size_t size)
{
    const struct disk_request request = {.access = DISK_READ};
    struct disk *other = calloc(1, sizeof *other);
    bool found = false;
    char what[200];

    if (other && disk_open_for_list(other, path, &request, NULL) == 0) {
        found = inventory_is_twin(d, other, what, sizeof what);
        if (found)
            snprintf(ret, size, "%s (same %s)", text_safe(path), what);
        (void)disk_close(other, 0, NULL);
    }
    free(other);
    return found;
}

struct search {
    const struct disk *d;
    struct disk *const *disks;
    unsigned count;
    char *ret;
    size_t size;
};

static int look(void *userdata, const char *path)
{
    const struct search *s = userdata;

    return !is_ours(s->disks, s->count, path) && is_copy(s->d, path, s->ret, s->size);
}

/* An image is no disk of the host, unless a session has it open. */
bool clones_of_host(const struct disk *d, struct disk *const *disks, unsigned count, char *ret,
                    size_t size)
{
    static char paths[INVENTORY_MAX][128];
    struct search s = {.d = d, .disks = disks, .count = count, .ret = ret, .size = size};
    int total = sessions_of_leave_out(paths, inventory_disks(paths, NULL));

    for (int i = 0; i < total; i++)
        if (look(&s, paths[i]))
            return true;
    return sessions_of_targets(look, &s) > 0;
}

int clones_refuse_pair(struct disk *const *disks, unsigned count, struct error *e)
{
    char what[200];

    for (unsigned i = 0; i < count; i++)
        for (unsigned j = i + 1; j < count; j++) {
            if (!inventory_same_member(disks[i], disks[j], what, sizeof what) &&
                !inventory_is_plain_copy(disks[i], disks[j], what, sizeof what))
                continue;
            (void)error_set(e, ERROR_REFUSED, -ENOTUNIQ, "ambiguous",
                            "%s and %s are copies of each other (same %s)",
                            text_safe(disks[i]->target), text_safe(disks[j]->target), what);
            (void)error_advise(e, "name one of them");
            return -ENOTUNIQ;
        }
    return 0;
}
