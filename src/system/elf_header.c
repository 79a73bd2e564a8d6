/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/elf_header.h"

#include <elf.h>
#include <endian.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#if defined __x86_64__
#define X86_HERE true
#define ARM_HERE false
#elif defined __aarch64__
#define X86_HERE false
#define ARM_HERE true
#else
#error "unbrick: say here what this architecture's kernel executes"
#endif

#define LITTLE ELFDATA2LSB
#define BIG    ELFDATA2MSB

static const struct elf_machine machines[] = {
    {EM_X86_64, ELFCLASS64, LITTLE, "x86-64", "x86_64", X86_HERE},
    {EM_386, ELFCLASS32, LITTLE, "i386", "i386", X86_HERE},
    {EM_X86_64, ELFCLASS32, LITTLE, "x32", NULL, false},
    {EM_AARCH64, ELFCLASS64, LITTLE, "aarch64", "aarch64", ARM_HERE},
    {EM_ARM, ELFCLASS32, LITTLE, "arm", "arm", ARM_HERE},
    {EM_RISCV, ELFCLASS64, LITTLE, "riscv64", "riscv64", false},
    {EM_PPC64, ELFCLASS64, LITTLE, "ppc64le", "ppc64le", false},
    {EM_PPC64, ELFCLASS64, BIG, "ppc64", "ppc64", false},
    {EM_S390, ELFCLASS64, BIG, "s390x", "s390x", false},
    {EM_MIPS, ELFCLASS32, LITTLE, "mipsel", "mipsel", false},
    {EM_MIPS, ELFCLASS32, BIG, "mips", "mips", false},
    {EM_MIPS, ELFCLASS64, LITTLE, "mips64el", "mips64el", false},
    {EM_MIPS, ELFCLASS64, BIG, "mips64", "mips64", false},
    {EM_LOONGARCH, ELFCLASS64, LITTLE, "loongarch64", "loongarch64", false},
};

const struct elf_machine *elf_machine_find(const char *name)
{
    for (size_t i = 0; i < sizeof machines / sizeof machines[0]; i++)
        if (strcmp(machines[i].name, name) == 0)
            return &machines[i];
    return NULL;
}

static void name_machine(uint16_t number, unsigned char class, unsigned char data,
                         struct elf_header *ret)
{
    for (size_t i = 0; i < sizeof machines / sizeof machines[0]; i++) {
        const struct elf_machine *m = &machines[i];

        if (m->number != number || m->class != class || m->data != data)
            continue;
        snprintf(ret->machine, sizeof ret->machine, "%s", m->name);
        ret->runs_here = m->runs_here;
        return;
    }
    snprintf(ret->machine, sizeof ret->machine, "machine %u", number);
}

/* Fields in the file's own byte order. */
struct reader {
    const unsigned char *data;
    size_t size;
    bool big;
};

static uint64_t number(const struct reader *r, size_t offset, unsigned bytes)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < bytes; i++)
        value = value << 8 | r->data[offset + (r->big ? i : bytes - 1 - i)];
    return value;
}

/* Offsets in the two classes' structures. */
static const struct {
    size_t header, phoff, phentsize, phnum, entry, p_offset, p_filesz;
    unsigned word;
} layout[] = {
    [ELFCLASS32] = {sizeof(Elf32_Ehdr), offsetof(Elf32_Ehdr, e_phoff),
                    offsetof(Elf32_Ehdr, e_phentsize), offsetof(Elf32_Ehdr, e_phnum),
                    sizeof(Elf32_Phdr), offsetof(Elf32_Phdr, p_offset),
                    offsetof(Elf32_Phdr, p_filesz), 4},
    [ELFCLASS64] = {sizeof(Elf64_Ehdr), offsetof(Elf64_Ehdr, e_phoff),
                    offsetof(Elf64_Ehdr, e_phentsize), offsetof(Elf64_Ehdr, e_phnum),
                    sizeof(Elf64_Phdr), offsetof(Elf64_Phdr, p_offset),
                    offsetof(Elf64_Phdr, p_filesz), 8},
};

static int read_interpreter(const struct reader *r, unsigned char class, uint64_t at,
                            struct elf_header *ret)
{
    uint64_t offset = number(r, at + layout[class].p_offset, layout[class].word),
             length = number(r, at + layout[class].p_filesz, layout[class].word);

    if (length == 0 || length >= sizeof ret->interpreter || offset > r->size ||
        length > r->size - offset)
        return -EBADMSG;
    memcpy(ret->interpreter, r->data + offset, length);
    ret->interpreter[length] = '\0';
    ret->dynamic = true;
    return 0;
}

/* What is mapped must be in the file, or the program dies of SIGBUS (mmap(2)). */
static int note_segment(const struct reader *r, unsigned char class, uint64_t at,
                        struct elf_header *ret)
{
    uint64_t offset = number(r, at + layout[class].p_offset, layout[class].word),
             length = number(r, at + layout[class].p_filesz, layout[class].word), end;

    if (__builtin_add_overflow(offset, length, &end))
        return -EBADMSG;
    if (length && end > ret->file_bytes)
        ret->file_bytes = end;
    return 0;
}

int elf_header_parse(const void *data, size_t size, struct elf_header *ret)
{
    struct reader r = {.data = data, .size = size};
    struct elf_header h = {0};
    unsigned char class;
    uint64_t table, entry_size, count;

    if (size < EI_NIDENT || memcmp(data, ELFMAG, SELFMAG) != 0)
        return -ENOEXEC;
    class = r.data[EI_CLASS];
    r.big = r.data[EI_DATA] == ELFDATA2MSB;
    if ((class != ELFCLASS32 && class != ELFCLASS64) || size < layout[class].header)
        return -EBADMSG;
    name_machine((uint16_t)number(&r, offsetof(Elf64_Ehdr, e_machine), 2), class, r.data[EI_DATA],
                 &h);
    table = number(&r, layout[class].phoff, layout[class].word);
    entry_size = number(&r, layout[class].phentsize, 2);
    count = number(&r, layout[class].phnum, 2);
    if (entry_size < layout[class].entry || table > size || count > (size - table) / entry_size)
        return -EBADMSG;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t at = table + i * entry_size, type = number(&r, at, 4);
        int code = 0;

        if (type == PT_INTERP)
            code = read_interpreter(&r, class, at, &h);
        else if (type == PT_LOAD)
            code = note_segment(&r, class, at, &h);
        if (code < 0)
            return code;
    }
    *ret = h;
    return 0;
}
