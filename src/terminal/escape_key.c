/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "terminal/escape_key.h"

static enum escape_action action_of(const struct escape_key *k, unsigned char byte)
{
    if (byte == k->byte)
        return ESCAPE_END;
    return byte == 'p' ? ESCAPE_POWEROFF : byte == 'r' ? ESCAPE_REBOOT : ESCAPE_NOTHING;
}

enum escape_action escape_key_scan(struct escape_key *k, const unsigned char *data, size_t size,
                                   long long now_ms, size_t *ret_forward)
{
    *ret_forward = size;
    if (k->byte < 0)
        return ESCAPE_NOTHING;
    for (size_t i = 0; i < size; i++) {
        enum escape_action action = ESCAPE_NOTHING;

        if (now_ms - k->first_ms > ESCAPE_KEY_WITHIN_MS)
            k->count = 0;
        if (k->count == ESCAPE_KEY_TIMES - 1)
            action = action_of(k, data[i]);
        if (action != ESCAPE_NOTHING) {
            k->count = 0;
            *ret_forward = i;
            return action;
        }
        if (data[i] != k->byte) {
            k->count = 0;
            continue;
        }
        if (k->count++ == 0)
            k->first_ms = now_ms;
    }
    return ESCAPE_NOTHING;
}
