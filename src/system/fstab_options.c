/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/fstab.h"

#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/*
 * What a rescue does with an option of fstab(5). Options that change what is seen or how it is
 * written are kept; those that would keep a mount from happening, that ask for something at boot
 * time or that reach for the host are dropped. An option in neither list is dropped: a rescue does
 * not fail for an option that only its own system knows.
 */
static const char *const kept[] = {
    "subvol=", "subvolid=",  "ro",         "uid=",         "gid=",           "umask=",
    "dmask=",  "fmask=",     "iocharset=", "codepage=",    "utf8",           "utf8=",
    "nls=",    "shortname=", "compress",   "compress=",    "compress-force", "compress-force=",
    "acl",     "noacl",      "user_xattr", "nouser_xattr", "nodev",          "nosuid",
    "noexec",  "inode64",    "inode32",    "nodatacow",    "nodatasum",
};

int fstab_rescue_options(const struct fstab_entry *entry, char *ret, size_t size,
                         bool *ret_read_only)
{
    const char *option = entry->options;
    size_t used = 0;

    ret[0] = '\0';
    *ret_read_only = false;
    while (*option) {
        size_t length = strcspn(option, ",");

        for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
            size_t n = strlen(kept[i]);
            bool value = kept[i][n - 1] == '=';

            if (value ? length < n || strncmp(option, kept[i], n) != 0
                      : length != n || strncmp(option, kept[i], n) != 0)
                continue;
            if (used + length + 2 > size)
                return -ENAMETOOLONG;
            used += (size_t)snprintf(ret + used, size - used, "%s%.*s", used ? "," : "",
                                     (int)length, option);
            if (strcmp(kept[i], "ro") == 0)
                *ret_read_only = true;
            break;
        }
        option += length;
        option += *option == ',';
    }
    return 0;
}
