/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which libraries an ELF file wants (elf(5), ld.so(8)). Bounded; offsets of the file are believed
 * only within it. */

#include <stddef.h>
#include <stdint.h>

#define ELF_NEEDED_MAX 96

struct elf_dynamic {
    uint16_t machine;
    unsigned char class;              /* ELFCLASS32 or ELFCLASS64 */
    char interpreter[256];            /* "" when there is none */
    char needed[ELF_NEEDED_MAX][128]; /* DT_NEEDED, in their order */
    unsigned needed_count;
    char runpath[1024]; /* DT_RUNPATH, else DT_RPATH; "" */
};

/* Where the bytes come from: @data when it is not NULL, else the file @fd. */
struct elf_source {
    const void *data;
    size_t size;
    int fd;
};

/* 0; -ENOEXEC when it is no ELF file; -EBADMSG when its tables lie outside of it; an errno of
 * pread(2). A static program has no needed libraries. */
int elf_dynamic_read(const struct elf_source *source, struct elf_dynamic *ret);
