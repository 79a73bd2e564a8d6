/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Whatever a payload prints: only what is allowed comes out, wherever the input is split, in the
 * promised room, and the terminal is put back at the end.
 */

#include "filter-oracle.h"
#include "terminal/filter.h"

#include <stdint.h>
#include <stdlib.h>

/* Filter @data with a cut after each byte at which @cuts has a one (a repeating pattern). */
static size_t run(const uint8_t *data, size_t size, bool utf8, uint32_t cuts, char *out,
                  struct filter *f)
{
    size_t used = 0, from = 0;

    filter_init(f, utf8);
    for (size_t i = 0; i < size; i++) {
        char *part;
        size_t n;

        if (i + 1 < size && !(cuts >> (i % 32) & 1))
            continue;
        part = malloc(FILTER_ROOM(i + 1 - from)); /* of its own, for the address sanitizer */
        if (!part)
            abort();
        n = filter_run(f, (const char *)data + from, i + 1 - from, part);
        if (!oracle_allows(part, n, utf8))
            abort();
        memcpy(out + used, part, n);
        used += n;
        free(part);
        from = i + 1;
    }
    return used;
}

static void check_end(struct filter *f)
{
    char on[FILTER_MODES_MAX], off[FILTER_MODES_MAX], again[FILTER_MODES_MAX];
    size_t entered = filter_enter(f, on), left = filter_leave(f, off);

    if (!oracle_allows(on, entered, true) || !oracle_allows(off, left, true))
        abort();
    if (filter_leave(f, again) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint32_t patterns[] = {0xffffffff, 0x88888888, 0x00010000};
    struct filter f;
    char *whole, *split;
    size_t whole_size;
    bool utf8;

    if (size < 5 || size > 65536)
        return 0;
    utf8 = data[0] & 1;
    whole = malloc(5 * FILTER_ROOM(size));
    split = malloc(FILTER_ROOM(1) * size);
    if (!whole || !split)
        abort();
    whole_size = run(data + 5, size - 5, utf8, 0, whole, &f);
    check_end(&f);
    for (size_t i = 0; i <= sizeof patterns / sizeof patterns[0]; i++) {
        uint32_t cuts = i < sizeof patterns / sizeof patterns[0]
                            ? patterns[i]
                            : data[1] | data[2] << 8 | data[3] << 16 | (uint32_t)data[4] << 24;

        if (run(data + 5, size - 5, utf8, cuts, split, &f) != whole_size ||
            memcmp(whole, split, whole_size) != 0)
            abort();
        check_end(&f);
    }
    free(whole);
    free(split);
    return 0;
}
