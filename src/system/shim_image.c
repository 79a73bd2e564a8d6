/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/shim_image.h"

#include <string.h>

/* DEFAULT_LOADER of shim's Makefile, in UTF-16; Debian's has two backslashes. No other loader has a
 * path that begins so: GRUB's own are in its configuration, systemd-boot's begin with \EFI. */
static const char path[] = "\\\0g\0r\0u\0b";

/* The text that begins at @at, up to its end. False: it has none, or is no name. */
static bool copy_name(const unsigned char *at, size_t left, char *ret, size_t ret_size)
{
    size_t n = 0;

    for (; left >= 2 && (at[0] || at[1]); at += 2, left -= 2) {
        if (at[1] || at[0] <= ' ' || at[0] >= 0x7f || strchr("/\\", at[0]) || n + 1 >= ret_size)
            return false;
        ret[n++] = (char)at[0];
    }
    ret[n] = '\0';
    return left >= 2 && n > 4 && strcmp(ret + n - 4, ".efi") == 0;
}

bool shim_image_next(const void *data, size_t size, char *ret, size_t ret_size)
{
    const unsigned char *at = data, *end = at + size;

    while ((at = memmem(at, (size_t)(end - at), path, sizeof path - 1))) {
        if (copy_name(at + 2, (size_t)(end - at) - 2, ret, ret_size))
            return true;
        at++;
    }
    return false;
}
