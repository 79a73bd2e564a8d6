/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The first bytes of any volume, of any image, what a checker says about its
 * progress, and the kernel about reads that fail. */

#include "storage/check_private.h"
#include "storage/image_format.h"
#include "storage/probe.h"
#include "storage/read_errors.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const types[] = {"ext4", "xfs", "btrfs", "swap"};
    struct image_info info;
    char line[512], device[64], place[64];

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        struct filesystem fs = {0};

        strcpy(fs.type, types[i]);
        probe_state(data, size, &fs);
    }
    (void)image_format_read(data, size < IMAGE_HEADER_BYTES ? size : IMAGE_HEADER_BYTES, "image",
                            &info, NULL);
    if (size < sizeof line) {
        memcpy(line, data, size);
        line[size] = '\0';
        if (check_percent(line) > 100)
            abort();
        if (read_errors_parse(line, device, place) && (!device[0] || !place[0]))
            abort();
    }
    return 0;
}
