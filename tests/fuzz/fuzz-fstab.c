/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Any fstab: every entry is complete, options and sources fit. */

#include "storage/device_name.h"
#include "system/fstab.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fstab f;

    if (fstab_parse((const char *)data, size, &f, NULL) < 0)
        return 0;
    for (unsigned i = 0; i < f.count; i++) {
        const struct fstab_entry *entry = &f.entries[i];
        char options[128], value[64];
        enum device_tag tag;
        bool ro;

        if (!entry->source || !entry->target || !entry->type || !entry->options ||
            (entry->class == FSTAB_MALFORMED) != (entry->error[0] != '\0'))
            abort();
        if (fstab_rescue_options(entry, options, sizeof options, &ro) == 0 &&
            strlen(options) > strlen(entry->options))
            abort();
        if (device_name_split(entry->source, &tag, value, sizeof value) == 0 &&
            device_name_partition(value) > 65535)
            abort();
    }
    fstab_free(&f);
    return 0;
}
