/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/random_uuid.h"

#include <errno.h>
#include <stdio.h>
#include <sys/random.h>

int random_uuid(char ret[37])
{
    unsigned char b[16];
    char *at = ret;

    if (getrandom(b, sizeof b, 0) != (ssize_t)sizeof b)
        return -errno;
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
    for (unsigned i = 0; i < sizeof b; i++)
        at += sprintf(at, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", b[i]);
    return 0;
}
