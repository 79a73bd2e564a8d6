/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* lvm.conf with its filters, and LVM's devices file. */

#include "system/lvm_config.h"
#include "system/lvm_devices.h"
#include "system/lvm_filter.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void check_filter(const struct lvm_setting *s)
{
    struct lvm_filter *f = lvm_filter_open(s);

    if (f) {
        unsigned pattern;

        if (lvm_filter_match(f, "/dev/sda2", &pattern) == LVM_ACCEPTED &&
            (!lvm_filter_accepts(f, pattern) || !lvm_filter_fits(f, pattern, "/dev/sda2")))
            abort();
    }
    lvm_filter_close(f);
}

static void check_devices(const char *data, size_t size)
{
    struct lvm_devices_walk w = LVM_DEVICES_WALK(data, size);
    struct lvm_device d;

    while (lvm_devices_next(&w, &d))
        if (!d.line || !memchr(d.pvid, '\0', sizeof d.pvid) ||
            !memchr(d.id_name, '\0', sizeof d.id_name))
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"devices/filter", "filter", "devices/use_devicesfile"};
    static struct lvm_setting s;
    const char *text = (const char *)data;

    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (!lvm_config_find(text, size, names[i], &s))
            continue;
        if (!s.line || s.last_line < s.line || s.count > LVM_VALUES_MAX)
            abort();
        for (unsigned k = 0; k < s.count; k++)
            if (!memchr(s.values[k], '\0', sizeof s.values[k]))
                abort();
        check_filter(&s);
    }
    check_devices(text, size);
    return 0;
}
