/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/undo.h"

#include "base/text.h"
#include "storage/array.h"
#include "storage/device_mapper.h"
#include "storage/layer.h"
#include "storage/takeover.h"

#include <errno.h>
#include <string.h>

/* The kernel does it. */
static int nothing(const char *value, unsigned wait_ms, struct error *e)
{
    (void)value;
    (void)wait_ms;
    (void)e;
    return 0;
}

static const struct {
    const char *prefix;
    int (*undo)(const char *value, unsigned wait_ms, struct error *e);
} kinds[] = {
    {UNDO_MAPPING, dm_remove_ours},
    {UNDO_ARRAY, array_stop},
    {UNDO_LOOP, nothing},
    {UNDO_LAYER, layer_undo},
    {UNDO_GIVE_VOLUME, takeover_give_back_volume},
    {UNDO_GIVE_ARRAY, takeover_give_back_array},
};

int undo_record(const char *record, unsigned wait_ms, struct error *e)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (text_starts_with(record, kinds[i].prefix))
            return kinds[i].undo(record + strlen(kinds[i].prefix), wait_ms, e);
    return error_set(e, ERROR_FAILED, -EINVAL, "journal", "the record \"%s\" is not understood",
                     text_safe(record));
}

bool undo_gives_back(const char *record)
{
    return text_starts_with(record, UNDO_GIVE_VOLUME) || text_starts_with(record, UNDO_GIVE_ARRAY);
}
