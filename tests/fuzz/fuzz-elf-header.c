/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Any file in the place of init. */

#include "system/elf_dynamic.h"
#include "system/elf_header.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct elf_dynamic dynamic;
    struct elf_header h;

    if (elf_header_parse(data, size, &h) == 0 &&
        (strnlen(h.interpreter, sizeof h.interpreter) == sizeof h.interpreter || !h.machine[0]))
        abort();
    if (elf_dynamic_read(&(struct elf_source){.data = data, .size = size}, &dynamic) == 0)
        for (unsigned i = 0; i < dynamic.needed_count; i++)
            if (strnlen(dynamic.needed[i], sizeof dynamic.needed[i]) == sizeof dynamic.needed[i])
                abort();
    return 0;
}
