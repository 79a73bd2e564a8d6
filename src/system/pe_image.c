/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/pe_image.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#define SECTION_SIZE 40

static bool get16(const unsigned char *data, size_t size, size_t at, uint16_t *ret)
{
    uint16_t value;

    if (size < sizeof value || at > size - sizeof value)
        return false;
    memcpy(&value, data + at, sizeof value);
    *ret = le16toh(value);
    return true;
}

static bool get32(const unsigned char *data, size_t size, size_t at, uint32_t *ret)
{
    uint32_t value;

    if (size < sizeof value || at > size - sizeof value)
        return false;
    memcpy(&value, data + at, sizeof value);
    *ret = le32toh(value);
    return true;
}

static void at_least(struct pe_image *p, uint32_t offset, uint32_t size)
{
    uint64_t end = (uint64_t)offset + size;

    if (end > p->bytes)
        p->bytes = end;
}

int pe_image_parse(const void *data, size_t size, struct pe_image *ret)
{
    const unsigned char *bytes = data;
    struct pe_image p = {0};
    uint16_t sections, optional_size, magic;
    uint32_t header, directories = 0, table_at = 0, table_size = 0;
    size_t optional, at, directory;

    if (size < 64 || bytes[0] != 'M' || bytes[1] != 'Z' || !get32(bytes, size, 0x3c, &header))
        return -ENOEXEC;
    if (header > size || size - header < 24 || memcmp(bytes + header, "PE\0\0", 4) != 0)
        return -ENOEXEC;
    optional = (size_t)header + 24;
    if (!get16(bytes, size, header + 4, &p.machine) || !get16(bytes, size, header + 6, &sections) ||
        !get16(bytes, size, header + 20, &optional_size) || !get16(bytes, size, optional, &magic))
        return -EBADMSG;
    /* The data directories stand behind what differs in width; the fifth is the certificates'. */
    directory = optional + (magic == 0x20b ? 112 : 96);
    if (optional_size >= directory - optional && get32(bytes, size, directory - 4, &directories) &&
        directories > 4 && get32(bytes, size, directory + 32, &table_at) &&
        get32(bytes, size, directory + 36, &table_size) && table_size > 8) {
        p.is_signed = true;
        at_least(&p, table_at, table_size);
    }
    at = optional + optional_size;
    for (unsigned i = 0; i < sections && i < PE_SECTIONS_MAX; i++, at += SECTION_SIZE) {
        struct pe_section *s = &p.sections[p.section_count];

        if (at > size || size - at < SECTION_SIZE)
            return -EBADMSG;
        memcpy(s->name, bytes + at, 8);
        s->name[8] = '\0';
        (void)get32(bytes, size, at + 16, &s->size);
        (void)get32(bytes, size, at + 20, &s->offset);
        at_least(&p, s->offset, s->size);
        p.section_count++;
    }
    *ret = p;
    return 0;
}

const struct pe_section *pe_image_section(const struct pe_image *p, const char *name)
{
    for (unsigned i = 0; i < p->section_count; i++)
        if (strcmp(p->sections[i].name, name) == 0)
            return &p->sections[i];
    return NULL;
}
