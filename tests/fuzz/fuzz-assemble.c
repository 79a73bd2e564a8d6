/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whatever mdadm, lvm, e2fsck and the kernel's log say (names in it come from the disk): strings
 * end, plans are sound. */

#include "storage/array.h"
#include "storage/check_private.h"
#include "storage/mapping.h"
#include "storage/read_errors.h"
#include "storage/volume_group.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Two lines of e2fsck; a message of the kernel; a name and a uuid of device-mapper. */
static void check_lines(const char *text)
{
    char *before = strdup(text), *line = strchr(before, '\n');
    char name[160], device[64], place[64];
    struct mapping m;

    if (line) {
        *line++ = '\0';
        check_ext_name(before, line, name, sizeof name);
        if (strlen(name) > strlen(before) && strlen(name) > strlen(line))
            abort();
        mapping_parse(before, line, &m);
        if (!m.word)
            abort();
    }
    if (check_percent(before) > 100)
        abort();
    if (read_errors_parse(text, device, place) && (!device[0] || !place[0]))
        abort();
    free(before);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    struct array_plan plan = {0};
    struct logical_volume lv;
    struct physical_volume pv;
    struct volume_group vg;
    char prefix[80];

    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    check_lines(text);
    if (array_parse_export(text, &plan.members[0]) == 0) {
        plan.count = 1;
        array_judge(&plan);
        if (plan.fresh != 1 || (plan.complete && !plan.startable))
            abort();
    }
    if (volume_group_parse(text, &vg) == 0) {
        volume_group_dm_prefix(&vg, prefix, sizeof prefix);
        if (!vg.name[0] || strlen(prefix) <= 4)
            abort();
    }
    if (logical_volume_parse(text, &lv) == 0 && !lv.name[0])
        abort();
    /* Ranges of it are copied: they are on it. */
    if (physical_volume_parse(text, &pv) == 0 &&
        (pv.data_start > pv.size || pv.data_size > pv.size - pv.data_start))
        abort();
    free(text);
    return 0;
}
