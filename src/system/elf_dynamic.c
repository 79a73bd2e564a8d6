/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/elf_dynamic.h"

#include "base/fd.h"

#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* More than any linker makes. */
#define SEGMENTS_MAX 64
#define ENTRIES_MAX  1024

struct segment {
    uint64_t type, offset, address, length;
};

struct reader {
    const struct elf_source *source;
    bool big, wide; /* byte order, 64 bits */
    struct segment segments[SEGMENTS_MAX];
    unsigned count;
};

static int get(const struct reader *r, uint64_t offset, void *ret, size_t size)
{
    const struct elf_source *s = r->source;
    size_t done = 0;

    if (offset > INT64_MAX - size)
        return -EBADMSG;
    if (s->data) {
        if (offset > s->size || size > s->size - offset)
            return -EBADMSG;
        memcpy(ret, (const char *)s->data + offset, size);
        return 0;
    }
    while (done < size) {
        ssize_t n = pread(s->fd, (char *)ret + done, size - done, (off_t)(offset + done));

        if (n <= 0)
            return n < 0 && errno != EINTR ? -errno : -EBADMSG;
        done += (size_t)n;
    }
    return 0;
}

/* As many bytes of a string as there are, NUL-terminated. -EBADMSG when it does not end in time. */
static int get_string(const struct reader *r, uint64_t offset, uint64_t limit, char *ret,
                      size_t size)
{
    size_t length = size;

    if (offset >= limit)
        return -EBADMSG;
    if (length > limit - offset)
        length = (size_t)(limit - offset);
    if (get(r, offset, ret, length) < 0 || !memchr(ret, '\0', length))
        return -EBADMSG;
    return 0;
}

static uint64_t number(const struct reader *r, const unsigned char *at, unsigned bytes)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < bytes; i++)
        value = value << 8 | at[r->big ? i : bytes - 1 - i];
    return value;
}

#define FIELD(r, buf, struct32, struct64, member)                                                  \
    ((r)->wide ? number(r, (buf) + offsetof(struct64, member), sizeof(((struct64 *)0)->member))    \
               : number(r, (buf) + offsetof(struct32, member), sizeof(((struct32 *)0)->member)))

static int read_segments(struct reader *r, const unsigned char *header)
{
    uint64_t table = FIELD(r, header, Elf32_Ehdr, Elf64_Ehdr, e_phoff),
             step = FIELD(r, header, Elf32_Ehdr, Elf64_Ehdr, e_phentsize),
             count = FIELD(r, header, Elf32_Ehdr, Elf64_Ehdr, e_phnum);
    size_t size = r->wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);

    if (step < size || count > SEGMENTS_MAX)
        return -EBADMSG;
    for (uint64_t i = 0; i < count; i++) {
        unsigned char entry[sizeof(Elf64_Phdr)];
        int failed = table > INT64_MAX / 2 ? -EBADMSG : get(r, table + i * step, entry, size);

        if (failed < 0)
            return failed;
        r->segments[r->count++] = (struct segment){
            .type = FIELD(r, entry, Elf32_Phdr, Elf64_Phdr, p_type),
            .offset = FIELD(r, entry, Elf32_Phdr, Elf64_Phdr, p_offset),
            .address = FIELD(r, entry, Elf32_Phdr, Elf64_Phdr, p_vaddr),
            .length = FIELD(r, entry, Elf32_Phdr, Elf64_Phdr, p_filesz),
        };
    }
    return 0;
}

static const struct segment *segment_of(const struct reader *r, uint32_t type)
{
    for (unsigned i = 0; i < r->count; i++)
        if (r->segments[i].type == type)
            return &r->segments[i];
    return NULL;
}

/* Where what is mapped at @address lies in the file, and where its segment ends there. */
static int to_offset(const struct reader *r, uint64_t address, uint64_t *ret, uint64_t *ret_end)
{
    for (unsigned i = 0; i < r->count; i++) {
        const struct segment *s = &r->segments[i];

        if (s->type != PT_LOAD || address < s->address || address - s->address >= s->length ||
            __builtin_add_overflow(s->offset, s->length, ret_end))
            continue;
        *ret = s->offset + (address - s->address);
        return 0;
    }
    return -EBADMSG;
}

struct wanted {
    uint64_t needed[ELF_NEEDED_MAX], runpath, rpath, strings, strings_size;
    unsigned count;
};

static void note(struct wanted *w, uint64_t tag, uint64_t value)
{
    if (tag == DT_NEEDED && w->count < ELF_NEEDED_MAX)
        w->needed[w->count++] = value;
    else if (tag == DT_RUNPATH)
        w->runpath = value;
    else if (tag == DT_RPATH)
        w->rpath = value;
    else if (tag == DT_STRTAB)
        w->strings = value;
    else if (tag == DT_STRSZ)
        w->strings_size = value;
}

static int read_entries(const struct reader *r, const struct segment *s, struct wanted *w)
{
    const size_t word = r->wide ? 8 : 4;
    uint64_t count = s->length / (2 * word);
    _cleanup_free_ unsigned char *table = NULL;
    int failed;

    if (count > ENTRIES_MAX)
        count = ENTRIES_MAX;
    table = malloc(count * 2 * word + 1);
    if (!table)
        return -ENOMEM;
    failed = get(r, s->offset, table, count * 2 * word);
    for (uint64_t i = 0; failed == 0 && i < count; i++) {
        const unsigned char *entry = table + i * 2 * word;
        uint64_t tag = number(r, entry, (unsigned)word);

        if (tag == DT_NULL)
            break;
        note(w, tag, number(r, entry + word, (unsigned)word));
    }
    return failed;
}

static int read_names(const struct reader *r, const struct wanted *w, struct elf_dynamic *ret)
{
    uint64_t strings, end, path = w->runpath ? w->runpath : w->rpath;
    int failed = to_offset(r, w->strings, &strings, &end);

    if (failed < 0)
        return failed;
    if (w->strings_size < end - strings)
        end = strings + w->strings_size;
    for (unsigned i = 0; i < w->count; i++) {
        if (w->needed[i] >= end - strings ||
            get_string(r, strings + w->needed[i], end, ret->needed[i], sizeof ret->needed[i]) < 0)
            return -EBADMSG;
        ret->needed_count++;
    }
    if (path && path < end - strings)
        (void)get_string(r, strings + path, end, ret->runpath, sizeof ret->runpath - 1);
    return 0;
}

int elf_dynamic_read(const struct elf_source *source, struct elf_dynamic *ret)
{
    struct reader r = {.source = source};
    struct wanted w = {0};
    unsigned char header[sizeof(Elf64_Ehdr)] = {0};
    const struct segment *s;
    int failed = get(&r, 0, header, sizeof(Elf32_Ehdr));

    memset(ret, 0, sizeof *ret);
    if (failed < 0 || memcmp(header, ELFMAG, SELFMAG) != 0)
        return failed < 0 && failed != -EBADMSG ? failed : -ENOEXEC;
    ret->class = header[EI_CLASS];
    r.wide = ret->class == ELFCLASS64;
    r.big = header[EI_DATA] == ELFDATA2MSB;
    if (ret->class != ELFCLASS32 && ret->class != ELFCLASS64)
        return -EBADMSG;
    if (r.wide)
        failed = get(&r, 0, header, sizeof(Elf64_Ehdr));
    if (failed == 0)
        failed = read_segments(&r, header);
    if (failed < 0)
        return failed;
    ret->machine = (uint16_t)FIELD(&r, header, Elf32_Ehdr, Elf64_Ehdr, e_machine);
    s = segment_of(&r, PT_INTERP);
    if (s && (s->length >= sizeof ret->interpreter ||
              get(&r, s->offset, ret->interpreter, s->length) < 0))
        return -EBADMSG;
    s = segment_of(&r, PT_DYNAMIC);
    if (!s)
        return 0;
    failed = read_entries(&r, s, &w);
    return failed < 0 || w.count == 0 ? failed : read_names(&r, &w, ret);
}
