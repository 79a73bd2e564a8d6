/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* EFI programs: the parts of the PE format (PE/COFF specification) that tell whether one is whole,
 * signed, for which machine, and where its sections are. Pure and bounded. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PE_SECTIONS_MAX 32

struct pe_section {
    char name[9]; /* ".cmdline"; raw */
    uint32_t offset, size;
};

struct pe_image {
    uint16_t machine; /* IMAGE_FILE_MACHINE_...: 0x8664 x86-64, 0xaa64 aarch64 */
    bool is_signed;   /* it has a certificate table */
    uint64_t bytes;   /* the file is at least that long */
    struct pe_section sections[PE_SECTIONS_MAX];
    unsigned section_count;
};

#define PE_X86_64  0x8664
#define PE_I386    0x014c
#define PE_AARCH64 0xaa64

/* From the first @size bytes of the file. 0; -ENOEXEC when it is none; -EBADMSG when its tables are
 * not within @size. */
int pe_image_parse(const void *data, size_t size, struct pe_image *ret);

/* The section of that name, or NULL. */
const struct pe_section *pe_image_section(const struct pe_image *p, const char *name);
