/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/image_format.h"

#include "base/text.h"

#include <endian.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define CONVERT "convert it first: qemu-img convert -O raw %s disk.img"

static const char *const drivers[] = {
    [IMAGE_RAW] = "raw", [IMAGE_QCOW2] = "qcow2", [IMAGE_VMDK] = "vmdk",
    [IMAGE_VHD] = "vpc", [IMAGE_VHDX] = "vhdx",   [IMAGE_VDI] = "vdi",
};

static uint32_t be32(const unsigned char *p)
{
    uint32_t v;

    memcpy(&v, p, sizeof v);
    return be32toh(v);
}

static uint64_t be64(const unsigned char *p)
{
    uint64_t v;

    memcpy(&v, p, sizeof v);
    return be64toh(v);
}

static uint64_t le64(const unsigned char *p)
{
    uint64_t v;

    memcpy(&v, p, sizeof v);
    return le64toh(v);
}

static uint32_t le32(const unsigned char *p)
{
    uint32_t v;

    memcpy(&v, p, sizeof v);
    return le32toh(v);
}

/* docs/interop/qcow2.txt of qemu: fixed fields, then extensions up to one of type 0. */
#define QCOW2_EXTENSION_BACKING_FORMAT 0xe2792acau
#define QCOW2_FEATURE_DATA_FILE        4u

static const char *read_qcow2_extensions(const unsigned char *data, size_t size, size_t at,
                                         struct image_info *info)
{
    while (at + 8 <= size && be32(data + at) != 0) {
        uint32_t type = be32(data + at), length = be32(data + at + 4);

        at += 8;
        if (length > size - at)
            return "has a damaged header";
        if (type == QCOW2_EXTENSION_BACKING_FORMAT && length < sizeof info->backing_format)
            snprintf(info->backing_format, sizeof info->backing_format, "%.*s", (int)length,
                     (const char *)data + at);
        at += (length + 7) & ~(size_t)7;
    }
    return NULL;
}

/* NULL, or what is the matter with it. */
static const char *read_qcow2(const unsigned char *data, size_t size, struct image_info *info)
{
    uint32_t version, length;
    uint64_t offset;

    if (size < 104)
        return "has a damaged header";
    version = be32(data + 4);
    if (version != 2 && version != 3)
        return "is of a version of qcow that is not known";
    if (be32(data + 32) != 0)
        return "is encrypted by qemu";
    if (version == 3 && be64(data + 72) & QCOW2_FEATURE_DATA_FILE)
        return "has its data in another file";
    offset = be64(data + 8);
    length = be32(data + 16);
    if (offset && (length >= sizeof info->backing || offset > size || length > size - offset ||
                   memchr(data + offset, '\0', length)))
        return "has a damaged header";
    if (offset)
        snprintf(info->backing, sizeof info->backing, "%.*s", (int)length,
                 (const char *)data + offset);
    return read_qcow2_extensions(data, size, version == 3 ? be32(data + 100) : 72, info);
}

/* VMware Virtual Disk Format 5.0: the descriptor is at a sector that the header names, as text. */
static const char *read_vmdk(const unsigned char *data, size_t size, struct image_info *info)
{
    uint64_t offset, length;
    const char *parent;

    if (size < 512)
        return "has a damaged header";
    offset = le64(data + 28);
    length = le64(data + 36);
    if (!offset) /* all there is to know is in its only extent */
        return NULL;
    if (offset > size / 512 || length > size / 512 - offset)
        return "has a damaged header";
    if (memmem(data + offset * 512, length * 512, "createType=\"streamOptimized\"", 28))
        info->read_only = true;
    else if (!memmem(data + offset * 512, length * 512, "createType=\"monolithicSparse\"", 29))
        return "is one of several files of a disk";
    parent = memmem(data + offset * 512, length * 512, "parentCID=", 10);
    if (!parent || strncasecmp(parent + 10, "ffffffff", 8) != 0)
        return "is the difference to another image";
    return NULL;
}

/* Virtual Hard Disk Image Format Specification: a copy of the footer comes first in all but the
 * fixed ones. Disk type 3: dynamic, 4: differencing. */
static const char *read_vhd(const unsigned char *data, size_t size, struct image_info *info)
{
    (void)info;
    if (size < 512)
        return "has a damaged header";
    return be32(data + 60) == 3 ? NULL : "is the difference to another image";
}

/* VDICORE.h of VirtualBox: image type 4 is a difference. */
static const char *read_vdi(const unsigned char *data, size_t size, struct image_info *info)
{
    (void)info;
    if (size < 512)
        return "has a damaged header";
    return le32(data + 76) == 4 ? "is the difference to another image" : NULL;
}

static const char *refuse(const unsigned char *data, size_t size, struct image_info *info)
{
    (void)data;
    (void)size;
    (void)info;
    return "cannot be opened as it is";
}

static const struct {
    enum image_format format;
    const char *name, *magic;
    size_t length, offset;
    const char *(*read)(const unsigned char *data, size_t size, struct image_info *info);
} formats[] = {
    /* IMAGE_RAW: none of those that are opened */
    {IMAGE_QCOW2, "qcow2", "QFI\xfb", 4, 0, read_qcow2},
    {IMAGE_VMDK, "VMDK", "KDMV", 4, 0, read_vmdk},
    {IMAGE_VHDX, "VHDX", "vhdxfile", 8, 0, NULL},
    {IMAGE_VHD, "VHD", "conectix", 8, 0, read_vhd},
    {IMAGE_VDI, "VDI", "\x7f\x10\xda\xbe", 4, 64, read_vdi},
    {IMAGE_RAW, "QED", "QED", 4, 0, refuse},
    {IMAGE_RAW, "Parallels", "WithoutFreeSpace", 16, 0, refuse},
    {IMAGE_RAW, "Parallels", "WithouFreSpacExt", 16, 0, refuse},
};

static const struct {
    const char *what, *magic;
    size_t length, offset;
    const char *advice; /* with one %s: the target */
} compressed[] = {
    {"compressed by gzip", "\x1f\x8b", 2, 0, "unpack it first: gunzip --keep %s"},
    {"compressed by xz",
     "\xfd"
     "7zXZ",
     5, 0, "unpack it first: unxz --keep %s"},
    {"compressed by zstd", "\x28\xb5\x2f\xfd", 4, 0, "unpack it first: unzstd %s"},
    {"compressed by bzip2", "BZh", 3, 0, "unpack it first: bunzip2 --keep %s"},
    {"compressed by lz4", "\x04\x22\x4d\x18", 4, 0, "unpack it first: unlz4 %s disk.img"},
    {"a 7-Zip archive", "7z\xbc\xaf\x27\x1c", 6, 0, "unpack it first: 7z x %s"},
    {"a ZIP archive", "PK\x03\x04", 4, 0, "unpack it first: unzip %s"},
    {"a tar archive (OVA?)", "ustar", 5, 257, "unpack it first: tar -xf %s"},
};

static bool has_magic(const unsigned char *data, size_t size, const char *magic, size_t length,
                      size_t offset)
{
    return size >= offset + length && memcmp(data + offset, magic, length) == 0;
}

static int advise(const char *advice, const char *target, struct error *e)
{
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    (void)error_advise(e, advice, text_safe(target));
#pragma GCC diagnostic pop
    return -EMEDIUMTYPE;
}

/* A file of VMware's that only describes the disk: text with lines like
 * RW 4192256 FLAT "disk-flat.vmdk" 0 */
static int explain_descriptor(const unsigned char *data, size_t size, const char *target,
                              struct error *e)
{
    const char *flat = memmem(data, size, " FLAT \"", 7), *end = NULL;

    if (flat) {
        flat += 7;
        end = memchr(flat, '"', (size_t)((const char *)data + size - flat));
    }
    (void)error_set(e, ERROR_TARGET, -EMEDIUMTYPE, "image-format",
                    "%s only describes a VMware disk, it does not hold it", text_safe(target));
    if (!end || memmem(end, (size_t)((const char *)data + size - end), "\nRW ", 4))
        return advise(CONVERT, target, e);
    (void)error_advise(e, "the disk is in the file %s beside it: name that one",
                       text_safe_bytes(flat, (size_t)(end - flat)));
    return -EMEDIUMTYPE;
}

int image_format_read(const unsigned char *data, size_t size, const char *target,
                      struct image_info *ret, struct error *e)
{
    struct image_info info = {.format = IMAGE_RAW};

    for (size_t i = 0; i < sizeof compressed / sizeof compressed[0]; i++)
        if (has_magic(data, size, compressed[i].magic, compressed[i].length, compressed[i].offset))
            return (void)error_set(e, ERROR_TARGET, -EMEDIUMTYPE, "compressed",
                                   "%s is %s, not a disk", text_safe(target), compressed[i].what),
                   advise(compressed[i].advice, target, e);
    if (has_magic(data, size, "# Disk DescriptorFile", 21, 0))
        return explain_descriptor(data, size, target, e);
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        const char *problem;

        if (!has_magic(data, size, formats[i].magic, formats[i].length, formats[i].offset))
            continue;
        problem = formats[i].read ? formats[i].read(data, size, &info) : NULL;
        if (problem)
            return (void)error_set(e, ERROR_TARGET, -EMEDIUMTYPE, "image-format",
                                   "%s is a %s image, and it %s", text_safe(target),
                                   formats[i].name, problem),
                   advise(CONVERT, target, e);
        info.format = formats[i].format;
        break;
    }
    *ret = info;
    return 0;
}

int image_format_from_driver(const char *driver)
{
    for (size_t i = 0; i < sizeof drivers / sizeof drivers[0]; i++)
        if (strcmp(drivers[i], driver) == 0)
            return (int)i;
    return -EINVAL;
}

const char *image_format_driver(enum image_format format)
{
    return drivers[format];
}
