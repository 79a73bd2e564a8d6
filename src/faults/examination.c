/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "faults/examination.h"

#include "base/path.h"
#include "base/text.h"
#include "faults/facts_units.h"
#include "faults/facts_user.h"
#include "storage/device_name.h"
#include "storage/resolve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int examination_open(struct examination *x, struct error *e)
{
    x->fstab_error =
        path_read(x->root_fd, "/etc/fstab", PATH_CONFIG_MAX, &x->fstab_text, &x->fstab_size);
    if (x->fstab_error == 0)
        return fstab_parse(x->fstab_text, x->fstab_size, &x->fstab, e);
    return 0;
}

void examination_close(struct examination *x)
{
    fstab_free(&x->fstab);
    free(x->fstab_text);
    x->fstab_text = NULL;
    facts_user_free(x->user);
    x->user = NULL;
    facts_units_free(x->units);
    x->units = NULL;
}

/* The running host: what udev has made of the name. */
static enum examination_device device_of_host(const char *name, char *why, size_t size)
{
    static const char *const directories[] = {
        [DEVICE_UUID] = "/dev/disk/by-uuid",
        [DEVICE_LABEL] = "/dev/disk/by-label",
        [DEVICE_PARTUUID] = "/dev/disk/by-partuuid",
        [DEVICE_PARTLABEL] = "/dev/disk/by-partlabel",
    };
    char value[512], path[640];
    enum device_tag tag;
    struct stat st;

    if (device_name_split(name, &tag, value, sizeof value) < 0 || tag == DEVICE_NONE)
        return DEVICE_UNKNOWN;
    if (tag != DEVICE_PATH && stat(directories[tag], &st) < 0)
        return DEVICE_UNKNOWN; /* no udev here */
    snprintf(path, sizeof path, "%s%s%s", tag == DEVICE_PATH ? "" : directories[tag],
             tag == DEVICE_PATH ? "" : "/", value);
    if (stat(path, &st) == 0)
        return DEVICE_FOUND;
    snprintf(why, size, "there is no %s", text_safe(path));
    return DEVICE_MISSING;
}

enum examination_device examination_device(const struct examination *x, const char *name,
                                           const struct volume **ret, char *why, size_t size)
{
    const struct volume *v;
    unsigned matches;

    if (ret)
        *ret = NULL;
    why[0] = '\0';
    if (x->running)
        return device_of_host(name, why, size);
    if (x->disk_count == 0)
        return DEVICE_UNKNOWN;
    v = resolve_device(name, x->disks, x->disk_count, x->root_disk, &matches, why, size);
    if (ret)
        *ret = v;
    if (v)
        return DEVICE_FOUND;
    return matches > 1 ? DEVICE_AMBIGUOUS : x->incomplete ? DEVICE_UNKNOWN : DEVICE_MISSING;
}

const char *examination_line(const char *data, size_t size, unsigned number)
{
    const char *end = data + size, *newline;

    for (; data < end; data = newline + 1) {
        newline = memchr(data, '\n', (size_t)(end - data));
        if (--number == 0)
            return text_safe_bytes(data, (size_t)((newline ? newline : end) - data));
        if (!newline)
            break;
    }
    return "";
}
