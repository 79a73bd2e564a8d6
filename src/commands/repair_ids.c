/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/repair_ids.h"

#include "base/fd.h"
#include "base/nearest.h"
#include "base/text.h"
#include "faults/fault.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* NULL also without memory: then nothing is proposed. */
static const char *nearest_id(const char *typed)
{
    _cleanup_free_ const char **ids = NULL;
    size_t count = 0;

    for (size_t i = 0; i < fault_family_count; i++)
        count += fault_families[i]->count;
    ids = calloc(count + 1, sizeof *ids);
    count = 0;
    for (size_t i = 0; ids && i < fault_family_count; i++)
        for (size_t j = 0; j < fault_families[i]->count; j++)
            ids[count++] = fault_families[i]->faults[j].id;
    return nearest_word(typed, ids, count);
}

/* "family.name" of a family that there is. */
static bool has_family(const char *word)
{
    size_t length = strcspn(word, ".");

    for (size_t i = 0; word[length] && i < fault_family_count; i++)
        if (strlen(fault_families[i]->name) == length &&
            memcmp(fault_families[i]->name, word, length) == 0)
            return true;
    return false;
}

/* A path that is not there has a dot as well ("disk2.raw"): an id is near to one, or of a family.
 */
static int check_target(const char *word, struct error *e)
{
    const char *meant;

    if (strchr(word, '/') || !strchr(word, '.') || access(word, F_OK) == 0)
        return 0;
    meant = nearest_id(word);
    if (!meant && !has_family(word))
        return 0;
    (void)error_set(e, ERROR_USAGE, -ENOENT, "no-fault",
                    "there is no fault %s, and no file or device of that name", text_safe(word));
    if (meant)
        (void)error_advise(e, "is %s meant?", meant);
    else
        (void)error_advise(e, "unbrick examine --list-faults lists them all");
    return -ENOENT;
}

int repair_ids_split(struct options *o, char *const **ret_ids, struct error *e)
{
    unsigned targets = o->target_count;
    int r = 0;

    while (targets > 0 && fault_find(o->targets[targets - 1]))
        targets--;
    for (unsigned i = 1; r == 0 && i < targets; i++)
        r = check_target(o->targets[i], e);
    if (r < 0)
        return r;
    o->target_count = targets;
    *ret_ids = o->targets + targets;
    return 0;
}
