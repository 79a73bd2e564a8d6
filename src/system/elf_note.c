/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/elf_note.h"

#include <elf.h>
#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Of one file; linkers make a handful. */
#define SEGMENTS_MAX 64

/* In the notes [at, at + length) of @data. */
static int find_tag(const unsigned char *data, size_t size, uint64_t at, uint64_t length,
                    unsigned ret[3])
{
    if (at > size || length > size - at)
        return -ENOENT;
    while (length >= sizeof(Elf64_Nhdr)) {
        Elf64_Nhdr note; /* the same for both widths */
        uint64_t whole;
        uint32_t words[4];

        memcpy(&note, data + at, sizeof note);
        whole = sizeof note + (((uint64_t)note.n_namesz + 3) & ~3ULL) +
                (((uint64_t)note.n_descsz + 3) & ~3ULL);
        if (whole > length)
            return -ENOENT;
        if (note.n_type == NT_GNU_ABI_TAG && note.n_namesz == 4 && note.n_descsz >= sizeof words &&
            memcmp(data + at + sizeof note, "GNU", 4) == 0) {
            memcpy(words, data + at + sizeof note + 4, sizeof words);
            if (words[0] != ELF_NOTE_OS_LINUX)
                return -ENOENT;
            for (unsigned i = 0; i < 3; i++)
                ret[i] = words[1 + i];
            return 0;
        }
        at += whole;
        length -= whole;
    }
    return -ENOENT;
}

int elf_note_abi(const void *data, size_t size, unsigned ret[3])
{
    const unsigned char *bytes = data;
    Elf64_Ehdr e64;
    Elf32_Ehdr e32;
    bool wide;
    uint64_t table;
    unsigned count, step;

    /* Only what this host would run too: of the other byte order nothing is said. */
    if (size < sizeof e64 || memcmp(bytes, ELFMAG, SELFMAG) != 0 ||
        bytes[EI_DATA] != (__BYTE_ORDER == __LITTLE_ENDIAN ? ELFDATA2LSB : ELFDATA2MSB))
        return -ENOEXEC;
    memcpy(&e64, data, sizeof e64);
    memcpy(&e32, data, sizeof e32);
    wide = bytes[EI_CLASS] == ELFCLASS64;
    table = wide ? e64.e_phoff : e32.e_phoff;
    count = wide ? e64.e_phnum : e32.e_phnum;
    step = wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
    for (unsigned i = 0; i < count && i < SEGMENTS_MAX; i++) {
        Elf64_Phdr p64;
        Elf32_Phdr p32;
        int r;

        if (table > size || size - table < (uint64_t)step * (i + 1))
            return -ENOENT;
        if (wide) {
            memcpy(&p64, bytes + table + (uint64_t)step * i, sizeof p64);
        } else {
            memcpy(&p32, bytes + table + (uint64_t)step * i, sizeof p32);
            p64 = (Elf64_Phdr){
                .p_type = p32.p_type, .p_offset = p32.p_offset, .p_filesz = p32.p_filesz};
        }
        r = p64.p_type == PT_NOTE ? find_tag(bytes, size, p64.p_offset, p64.p_filesz, ret)
                                  : -ENOENT;
        if (r == 0)
            return 0;
    }
    return -ENOENT;
}
