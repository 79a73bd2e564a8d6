/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* os-release, boot loader configuration, kernel names, crypttab and wtmp of a patient. */

#include "system/cmdline.h"
#include "system/crypttab.h"
#include "system/kernels.h"
#include "system/last_boot.h"
#include "system/os_release.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void check_line(const char *line)
{
    for (; *line; line++)
        if ((unsigned char)*line < ' ')
            abort(); /* a command line is one line */
}

static void check_crypttab(const char *data, size_t size)
{
    struct crypttab_entry entries[4];
    unsigned count = crypttab_parse(data, size, entries, 4);

    for (unsigned i = 0; i < count; i++)
        if (!entries[i].name[0] || strchr(entries[i].name, '/') || !entries[i].source[0] ||
            (entries[i].key[0] && entries[i].key[0] != '/'))
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = strndup((const char *)data, size), value[64];

    if (!text)
        return 0;
    (void)os_release_get(text, "ID", value, sizeof value);
    cmdline_clean(text, value, sizeof value);
    check_line(value);
    if (kernels_compare(text, text) != 0 ||
        (kernels_compare(text, "6.1.0") > 0) != (kernels_compare("6.1.0", text) < 0))
        abort();
    check_crypttab((const char *)data, size);
    (void)last_boot_from_wtmp(data, size);
    free(text);
    return 0;
}
