/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* netplan's files, multipath's names, and the names of OSTree's deployments. */

#include "system/multipath.h"
#include "system/netplan.h"
#include "system/ostree.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is done against the tabs helps, and changes nothing else. */
static void check_netplan(const char *data, size_t size)
{
    _cleanup_text_ struct text once = TEXT_INIT(1 << 20), twice = TEXT_INIT(1 << 20);
    unsigned lines = 1, line = netplan_find_tab(data, size);

    for (size_t i = 0; i < size; i++)
        lines += data[i] == '\n';
    if (line > lines)
        abort();
    if (netplan_untab(data, size, &once) < 0 || !once.data)
        return;
    if (netplan_find_tab(once.data, once.size) != 0)
        abort();
    if (netplan_untab(once.data, once.size, &twice) < 0 || once.size != twice.size ||
        memcmp(once.data, twice.data, once.size) != 0)
        abort();
}

static void check_multipath(const char *data, size_t size)
{
    const char *colon = memchr(data, ':', size);
    char name[64];

    if (!colon)
        return;
    snprintf(name, sizeof name, "%.*s", (int)(colon - data > 60 ? 60 : colon - data), data);
    colon++;
    size -= (size_t)(colon - data);
    if (multipath_knows(colon, size, colon, size, name) &&
        !multipath_knows(colon, size, NULL, 0, name) &&
        !multipath_knows(NULL, 0, colon, size, name))
        abort();
}

/* A name that is taken is the one that would be written. */
static void check_ostree(const char *data, size_t size)
{
    struct ostree_deployment d = {.serial = 0};
    char *name = strndup(data, size), again[128];

    if (name && ostree_parse_name(name, &d)) {
        snprintf(again, sizeof again, "%s.%u", d.checksum, d.serial);
        if (strcmp(again, name) != 0)
            abort();
    }
    free(name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;

    check_netplan(text, size);
    check_multipath(text, size);
    check_ostree(text, size);
    return 0;
}
