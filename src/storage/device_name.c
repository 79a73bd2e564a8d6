/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/device_name.h"

#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *prefix;
    enum device_tag tag;
    bool is_link; /* udev's encoding applies */
} prefixes[] = {
    {"UUID=", DEVICE_UUID, false},
    {"LABEL=", DEVICE_LABEL, false},
    {"PARTUUID=", DEVICE_PARTUUID, false},
    {"PARTLABEL=", DEVICE_PARTLABEL, false},
    {"/dev/disk/by-uuid/", DEVICE_UUID, true},
    {"/dev/disk/by-label/", DEVICE_LABEL, true},
    {"/dev/disk/by-partuuid/", DEVICE_PARTUUID, true},
    {"/dev/disk/by-partlabel/", DEVICE_PARTLABEL, true},
};

static int hex_digit(char c)
{
    return isdigit((unsigned char)c) ? c - '0'
           : c >= 'a' && c <= 'f'    ? c - 'a' + 10
           : c >= 'A' && c <= 'F'    ? c - 'A' + 10
                                     : -1;
}

/* "\x20" as udev writes it into the names of its links. */
static int decode_link(const char *s, char *ret, size_t size)
{
    size_t used = 0;

    while (*s) {
        if (used + 1 >= size)
            return -EINVAL;
        if (s[0] == '\\' && s[1] == 'x' && hex_digit(s[2]) >= 0 && hex_digit(s[3]) >= 0) {
            ret[used++] = (char)((unsigned)hex_digit(s[2]) << 4 | (unsigned)hex_digit(s[3]));
            s += 4;
        } else {
            ret[used++] = *s++;
        }
    }
    ret[used] = '\0';
    return 0;
}

static int copy_value(const char *s, char *ret, size_t size)
{
    size_t length = strlen(s);

    if (length >= 2 && (s[0] == '"' || s[0] == '\'') && s[length - 1] == s[0]) {
        s++;
        length -= 2;
    }
    if (length >= size)
        return -EINVAL;
    memcpy(ret, s, length);
    ret[length] = '\0';
    return 0;
}

int device_name_split(const char *name, enum device_tag *ret_tag, char *ret_value, size_t size)
{
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        const char *value = name + strlen(prefixes[i].prefix);
        int r;

        if (!text_starts_with(name, prefixes[i].prefix))
            continue;
        r = prefixes[i].is_link ? decode_link(value, ret_value, size)
                                : copy_value(value, ret_value, size);
        if (r < 0 || !ret_value[0])
            return -EINVAL;
        *ret_tag = prefixes[i].tag;
        return 0;
    }
    *ret_tag = text_starts_with(name, "/dev/") ? DEVICE_PATH : DEVICE_NONE;
    return copy_value(name, ret_value, size);
}

/* Names of disks in Documentation/admin-guide/devices.txt. Those that end in a digit put a "p"
 * before the partition's number (block/partitions/core.c, disk_name()). */
static const struct {
    const char *prefix;
    bool numbered; /* "nvme0n1", "mmcblk0": the disk's own name ends in a digit */
} disks[] = {
    {"nvme", true}, {"mmcblk", true}, {"nbd", true}, {"loop", true}, {"sd", false},
    {"vd", false},  {"xvd", false},   {"hd", false}, {"ubd", false},
};

static int parse_number(const char *s)
{
    char *end;
    unsigned long n;

    if (!isdigit((unsigned char)*s) || *s == '0')
        return -EINVAL;
    n = strtoul(s, &end, 10);
    return *end || n > 65535 ? -EINVAL : (int)n;
}

/* "0n1p2" of nvme0n1p2, "0p1" of mmcblk0p1; 0 for the whole disk. */
static int number_after_p(const char *s)
{
    const char *p;

    if (!isdigit((unsigned char)*s))
        return -EINVAL;
    s += strspn(s, "0123456789");
    if (*s == 'n' && isdigit((unsigned char)s[1]))
        s += 1 + strspn(s + 1, "0123456789");
    p = s;
    if (!*p)
        return 0;
    return *p == 'p' ? parse_number(p + 1) : -EINVAL;
}

static int number_after_letters(const char *s)
{
    size_t letters = strspn(s, "abcdefghijklmnopqrstuvwxyz");

    if (!letters)
        return -EINVAL;
    return s[letters] ? parse_number(s + letters) : 0;
}

int device_name_partition(const char *path)
{
    if (!text_starts_with(path, "/dev/"))
        return -EINVAL;
    path += 5;
    for (size_t i = 0; i < sizeof disks / sizeof disks[0]; i++) {
        const char *rest = path + strlen(disks[i].prefix);

        if (!text_starts_with(path, disks[i].prefix))
            continue;
        return disks[i].numbered ? number_after_p(rest) : number_after_letters(rest);
    }
    return -EINVAL;
}
