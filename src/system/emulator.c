/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/emulator.h"

#include "base/fd.h"
#include "base/text.h"
#include "system/program.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The start of a program: what is compared, up to and with e_machine. */
#define HEADER (offsetof(Elf64_Ehdr, e_machine) + 2)

struct pattern {
    unsigned char magic[HEADER], mask[HEADER];
};

static void set_half(struct pattern *p, size_t offset, const struct elf_machine *m, uint16_t value,
                     uint16_t mask)
{
    size_t low = offset + (m->data == ELFDATA2MSB), high = offset + (m->data != ELFDATA2MSB);

    p->magic[low] = (unsigned char)value;
    p->magic[high] = (unsigned char)(value >> 8);
    p->mask[low] = (unsigned char)mask;
    p->mask[high] = (unsigned char)(mask >> 8);
}

/* As qemu's own configuration (scripts/qemu-binfmt-conf.sh) has it: any OS ABI, and executables
 * (ET_EXEC, 2) as well as position-independent ones (ET_DYN, 3). */
static void fill_pattern(const struct elf_machine *m, struct pattern *ret)
{
    *ret = (struct pattern){
        .magic = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, m->class, m->data, EV_CURRENT}};
    memset(ret->mask, 0xff, EI_NIDENT);
    ret->mask[EI_OSABI] = 0;
    set_half(ret, offsetof(Elf64_Ehdr, e_type), m, ET_EXEC, 0xfffe);
    set_half(ret, offsetof(Elf64_Ehdr, e_machine), m, m->number, 0xffff);
}

int emulator_find(int root_fd, const struct elf_machine *m, char *ret, size_t size)
{
    static const struct {
        const char *directory, *suffix;
    } places[] = {
        {"/usr/bin", "-static"}, /* Debian up to 12, Fedora, Arch */
        {"/usr/bin", ""},        /* Debian 13 */
        {"/usr/local/bin", "-static"},
        {"/usr/local/bin", ""},
    };

    for (size_t i = 0; m->emulator && i < sizeof places / sizeof places[0]; i++) {
        struct program p;
        _cleanup_fd_ int fd = -1;
        char path[64];

        snprintf(path, sizeof path, "%s/qemu-%s%s", places[i].directory, m->emulator,
                 places[i].suffix);
        fd = program_open(root_fd, path, &p);
        if (fd >= 0 && p.elf.runs_here && !p.elf.dynamic)
            return (size_t)snprintf(ret, size, "%s", path) < size ? 0 : -ENAMETOOLONG;
    }
    return -ENOENT;
}

static void append_bytes(struct text *t, const char *prefix, const unsigned char *bytes)
{
    for (size_t i = 0; i < HEADER; i++)
        (void)text_appendf(t, "%s%02x", prefix, bytes[i]);
}

int emulator_registration(const struct elf_machine *m, const char *entry, const char *program,
                          char *ret, size_t size)
{
    _cleanup_text_ struct text t = TEXT_INIT(4096);
    struct pattern p;

    fill_pattern(m, &p);
    (void)text_appendf(&t, ":%s:M::", entry);
    append_bytes(&t, "\\x", p.magic);
    (void)text_append(&t, ":", 1);
    append_bytes(&t, "\\x", p.mask);
    /* P: argv[0] stays what it was, which qemu is told by AT_FLAGS (Linux 5.12, qemu 6.0). O: a
     * program that cannot be read can be executed. F: the file of the emulator is opened now. */
    (void)text_appendf(&t, ":%s:POF", program);
    if (t.failed || t.size >= size)
        return t.failed ? t.failed : -ENAMETOOLONG;
    memcpy(ret, t.data, t.size + 1);
    return 0;
}

/* The rest of the line that begins with @key, into @ret; "" when there is none. */
static void get_line(const char *text, const char *key, char *ret, size_t size)
{
    const char *at = text_starts_with(text, key) ? text : NULL;

    for (const char *line = text; !at && (line = strchr(line, '\n'));) {
        line++;
        if (text_starts_with(line, key))
            at = line;
    }
    snprintf(ret, size, "%.*s", at ? (int)strcspn(at + strlen(key), "\n") : 0,
             at ? at + strlen(key) : "");
}

/* Entries differ in how much they mask: what counts is whether a program for @m comes through. */
static bool pattern_matches(const char *magic, const char *mask, const struct pattern *p)
{
    if (strlen(magic) != 2 * HEADER || (mask[0] && strlen(mask) != 2 * HEADER))
        return false;
    for (size_t i = 0; i < HEADER; i++) {
        unsigned wanted, masked = 0xff;

        if (sscanf(magic + 2 * i, "%2x", &wanted) != 1 ||
            (mask[0] && sscanf(mask + 2 * i, "%2x", &masked) != 1) ||
            (p->magic[i] & masked) != (wanted & masked))
            return false;
    }
    return true;
}

bool emulator_entry_serves(const char *text, const struct elf_machine *m)
{
    char flags[32], offset[16], magic[300], mask[300];
    struct pattern p;

    if (!text_starts_with(text, "enabled\n"))
        return false;
    get_line(text, "flags: ", flags, sizeof flags);
    get_line(text, "offset ", offset, sizeof offset);
    get_line(text, "magic ", magic, sizeof magic);
    get_line(text, "mask ", mask, sizeof mask);
    fill_pattern(m, &p);
    return strchr(flags, 'F') && strcmp(offset, "0") == 0 && pattern_matches(magic, mask, &p);
}
