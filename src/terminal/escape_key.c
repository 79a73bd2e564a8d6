/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "terminal/escape_key.h"

bool escape_key_scan(struct escape_key *k, const unsigned char *data, size_t size, long long now_ms,
                     size_t *ret_forward)
{
    *ret_forward = size;
    if (k->byte < 0)
        return false;
    for (size_t i = 0; i < size; i++) {
        if (data[i] != k->byte) {
            k->count = 0;
            continue;
        }
        if (k->count == 0 || now_ms - k->first_ms > ESCAPE_KEY_WITHIN_MS) {
            k->first_ms = now_ms;
            k->count = 0;
        }
        if (++k->count == ESCAPE_KEY_TIMES) {
            k->count = 0;
            *ret_forward = i;
            return true;
        }
    }
    return false;
}
