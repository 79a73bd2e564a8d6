/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/image_kind.h"

#include "base/text.h"

#include <errno.h>
#include <string.h>

#define CONVERT "convert it first: qemu-img convert -O raw %s disk.img"

static const struct {
    const char *what;
    const char *magic;
    size_t length, offset;
    const char *reason;
    const char *advice; /* with one %s: the target */
} kinds[] = {
    {"a qcow2 image", "QFI\xfb", 4, 0, "image-format", CONVERT},
    {"a VMDK image", "KDMV", 4, 0, "image-format", CONVERT},
    {"a VMDK description", "# Disk DescriptorFile", 21, 0, "image-format", CONVERT},
    {"a VHDX image", "vhdxfile", 8, 0, "image-format", CONVERT},
    {"a VHD image", "conectix", 8, 0, "image-format", CONVERT},
    {"a VDI image", "\x7f\x10\xda\xbe", 4, 64, "image-format", CONVERT},
    {"compressed by gzip", "\x1f\x8b", 2, 0, "compressed", "unpack it first: gunzip --keep %s"},
    {"compressed by xz",
     "\xfd"
     "7zXZ",
     5, 0, "compressed", "unpack it first: unxz --keep %s"},
    {"compressed by zstd", "\x28\xb5\x2f\xfd", 4, 0, "compressed", "unpack it first: unzstd %s"},
    {"compressed by bzip2", "BZh", 3, 0, "compressed", "unpack it first: bunzip2 --keep %s"},
    {"a ZIP archive", "PK\x03\x04", 4, 0, "compressed", "unpack it first: unzip %s"},
    {"a tar archive (OVA?)", "ustar", 5, 257, "compressed", "unpack it first: tar -xf %s"},
};

int image_kind_check(const unsigned char *data, size_t size, const char *target, struct error *e)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (size < kinds[i].offset + kinds[i].length ||
            memcmp(data + kinds[i].offset, kinds[i].magic, kinds[i].length) != 0)
            continue;
        (void)error_set(e, ERROR_TARGET, -EMEDIUMTYPE, kinds[i].reason, "%s is %s, not a raw disk",
                        text_safe(target), kinds[i].what);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        (void)error_advise(e, kinds[i].advice, text_safe(target));
#pragma GCC diagnostic pop
        return -EMEDIUMTYPE;
    }
    return 0;
}
