/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Finds the escape sequences in what the user types: one byte three times, or twice and then a
 * letter. */

#include <stdbool.h>
#include <stddef.h>

#define ESCAPE_KEY_TIMES     3
#define ESCAPE_KEY_WITHIN_MS 1000

enum escape_action {
    ESCAPE_NOTHING,
    ESCAPE_END,      /* the byte three times */
    ESCAPE_POWEROFF, /* twice, then p */
    ESCAPE_REBOOT,   /* twice, then r */
};

struct escape_key {
    int byte; /* -1: there is none */
    unsigned count;
    long long first_ms;
};

/*
 * Look at @size bytes that arrived at @now_ms. A sequence is complete with its third byte within
 * a second of the first; any other byte between them starts over (systemd-nspawn's rule, so that
 * fingers need not learn another one). When one is complete *ret_forward bytes came before the
 * completing one, and what follows it was meant for nobody. Else *ret_forward is @size.
 */
enum escape_action escape_key_scan(struct escape_key *k, const unsigned char *data, size_t size,
                                   long long now_ms, size_t *ret_forward);
