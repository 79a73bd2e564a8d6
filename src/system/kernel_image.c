/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/kernel_image.h"

#include "base/text.h"
#include "system/elf_header.h"
#include "system/pe_image.h"

#include <endian.h>
#include <string.h>

/* Offsets of the x86 setup header (Documentation/arch/x86/boot.rst). */
#define X86_SETUP_SECTS    0x1f1
#define X86_SYSSIZE        0x1f4
#define X86_FLAG           0x1fe
#define X86_MAGIC          0x202
#define X86_VERSION        0x206
#define X86_KERNEL_VERSION 0x20e
#define X86_XLOADFLAGS     0x236
#define X86_XLF_KERNEL_64  0x1

static uint16_t get16(const unsigned char *at)
{
    return (uint16_t)(at[0] | at[1] << 8);
}

static uint32_t get32(const unsigned char *at)
{
    return get16(at) | (uint32_t)get16(at + 2) << 16;
}

static uint32_t get32_big(const unsigned char *at)
{
    uint32_t value;

    memcpy(&value, at, sizeof value);
    return be32toh(value);
}

/* "6.1.0-28-amd64 (debian-kernel@...) #1 SMP ...": up to the blank. */
static void copy_release(const unsigned char *data, size_t size, size_t at, char ret[128])
{
    size_t n = 0;

    while (n < 127 && at + n < size && data[at + n] > ' ' && data[at + n] < 0x7f)
        n++;
    memcpy(ret, data + at, n);
    ret[n] = '\0';
}

static bool parse_bzimage(const unsigned char *data, size_t size, struct kernel_image *ret)
{
    unsigned setup;
    uint16_t version;

    if (size < 0x238 || get16(data + X86_FLAG) != 0xaa55 ||
        memcmp(data + X86_MAGIC, "HdrS", 4) != 0)
        return false;
    setup = data[X86_SETUP_SECTS] ? data[X86_SETUP_SECTS] : 4;
    ret->kind = KERNEL_BZIMAGE;
    ret->bytes = (setup + 1) * 512 + (uint64_t)get32(data + X86_SYSSIZE) * 16;
    ret->is_32bit = get16(data + X86_VERSION) >= 0x20c && /* xloadflags are there since */
                    !(get16(data + X86_XLOADFLAGS) & X86_XLF_KERNEL_64);
    version = get16(data + X86_KERNEL_VERSION);
    if (version)
        copy_release(data, size, 0x200u + version, ret->release);
    return true;
}

static bool parse_uboot(const unsigned char *data, size_t size, struct kernel_image *ret)
{
    if (size < 64)
        return false;
    if (get32_big(data) == 0x27051956) /* uImage: the size of what follows the header */
        ret->bytes = 64 + (uint64_t)get32_big(data + 12);
    else if (get32_big(data) == 0xd00dfeed) /* a device tree: its total size */
        ret->bytes = get32_big(data + 4);
    else
        return false;
    ret->kind = KERNEL_UBOOT;
    return true;
}

static bool is_compressed(const unsigned char *data, size_t size)
{
    static const struct {
        unsigned char magic[6];
        size_t size;
    } kinds[] = {{{0x1f, 0x8b}, 2},
                 {{0xfd, '7', 'z', 'X', 'Z', 0}, 6},
                 {{0x28, 0xb5, 0x2f, 0xfd}, 4},
                 {{'B', 'Z', 'h'}, 3}};

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (size >= kinds[i].size && memcmp(data, kinds[i].magic, kinds[i].size) == 0)
            return true;
    return false;
}

void kernel_image_parse(const void *data, size_t size, struct kernel_image *ret)
{
    const unsigned char *bytes = data;
    struct elf_header elf;
    struct pe_image pe;

    *ret = (struct kernel_image){.empty = bytes_are_zero(bytes, size < 4096 ? size : 4096)};
    if (pe_image_parse(data, size, &pe) == 0) {
        ret->kind = KERNEL_PE;
        ret->is_signed = pe.is_signed;
        ret->bytes = pe.bytes;
        /* A zboot image: the payload (include/linux/pe.h, struct linux_pe_zboot_header). */
        if (memcmp(bytes + 4, "zimg", 4) == 0 &&
            (uint64_t)get32(bytes + 8) + get32(bytes + 12) > ret->bytes)
            ret->bytes = (uint64_t)get32(bytes + 8) + get32(bytes + 12);
    }
    if (parse_bzimage(bytes, size, ret) || parse_uboot(bytes, size, ret))
        return;
    if (size >= 64 && memcmp(bytes + 56, "ARM\x64", 4) == 0) {
        ret->kind = KERNEL_ARM64;
    } else if (ret->kind == KERNEL_UNKNOWN && elf_header_parse(data, size, &elf) == 0) {
        ret->kind = KERNEL_ELF;
        ret->bytes = elf.file_bytes;
    } else if (ret->kind == KERNEL_UNKNOWN && is_compressed(bytes, size)) {
        ret->kind = KERNEL_COMPRESSED;
    }
}
