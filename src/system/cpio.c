/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/cpio.h"

#include <string.h>

#define HEADER_SIZE  110
#define FIELD_MODE   1
#define FIELD_SIZE   6
#define FIELD_NAME   11
#define MAGIC        "070701"
#define MAGIC_CRC    "070702"
#define TRAILER_NAME "TRAILER!!!"

/* Field @n of the header: eight hexadecimal digits. */
static bool field(const unsigned char header[HEADER_SIZE], unsigned n, uint32_t *ret)
{
    const unsigned char *at = header + 6 + 8 * (size_t)n;
    uint32_t value = 0;

    for (unsigned i = 0; i < 8; i++) {
        unsigned char c = at[i];
        unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
                         : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A' + 10)
                                                : 16u;

        if (digit > 15)
            return false;
        value = value << 4 | digit;
    }
    *ret = value;
    return true;
}

static uint32_t to_four(uint64_t offset)
{
    return (uint32_t)(-offset & 3);
}

static void parse_header(struct cpio *c)
{
    if (memcmp(c->header, MAGIC, 6) != 0 && memcmp(c->header, MAGIC_CRC, 6) != 0) {
        c->problem = "an entry does not begin as it should";
        return;
    }
    if (!field(c->header, FIELD_MODE, &c->current.mode) ||
        !field(c->header, FIELD_SIZE, &c->current.size) ||
        !field(c->header, FIELD_NAME, &c->name_size)) {
        c->problem = "an entry has a damaged header";
        return;
    }
    if (c->name_size == 0 || c->name_size > CPIO_NAME_MAX) {
        c->problem = "an entry has a name that is too long";
        return;
    }
    c->state = CPIO_NAME;
    c->have = 0;
}

static void begin_body(struct cpio *c)
{
    char *name = c->current.name, *start = name;

    name[c->name_size - 1] = '\0';
    c->at_trailer = strcmp(name, TRAILER_NAME) == 0;
    while (start[0] == '/' || (start[0] == '.' && start[1] == '/'))
        start++;
    memmove(name, start, strlen(start) + 1);
    if (!c->at_trailer && c->entry)
        c->entry(c->userdata, &c->current);
    c->left = c->current.size;
    c->padding = to_four(c->offset);
    c->state = CPIO_PADDING;
}

/* Behind the padding of a name comes the body, behind that of a body the next header. */
static void after_padding(struct cpio *c)
{
    if (c->left > 0) {
        c->state = CPIO_BODY;
        return;
    }
    c->archives += c->at_trailer;
    c->state = c->at_trailer ? CPIO_BETWEEN : CPIO_HEADER;
    c->at_trailer = false;
    c->have = 0;
}

static size_t push_header(struct cpio *c, const unsigned char *data, size_t size)
{
    size_t n = HEADER_SIZE - c->have;

    if (n > size)
        n = size;
    memcpy(c->header + c->have, data, n);
    c->have += n;
    c->offset += n;
    if (c->have == HEADER_SIZE)
        parse_header(c);
    return n;
}

static size_t push_name(struct cpio *c, const unsigned char *data, size_t size)
{
    size_t n = c->name_size - c->have;

    if (n > size)
        n = size;
    memcpy(c->current.name + c->have, data, n);
    c->have += n;
    c->offset += n;
    if (c->have == c->name_size)
        begin_body(c);
    return n;
}

static size_t push_body(struct cpio *c, const unsigned char *data, size_t size)
{
    size_t n = c->left < size ? c->left : size;

    if (c->body && !c->at_trailer)
        c->body(c->userdata, data, n);
    c->left -= (uint32_t)n;
    c->offset += n;
    if (c->left == 0) {
        c->padding = to_four(c->offset);
        c->state = CPIO_PADDING;
    }
    return n;
}

static size_t push_padding(struct cpio *c, size_t size)
{
    size_t n = c->padding < size ? c->padding : size;

    c->padding -= (uint32_t)n;
    c->offset += n;
    if (c->padding == 0)
        after_padding(c);
    return n;
}

/* Zeros may be between archives; what is neither is not ours (init/initramfs.c, do_reset()). */
static size_t push_between(struct cpio *c, const unsigned char *data, size_t size)
{
    size_t n = 0;

    while (n < size && data[n] == 0)
        n++;
    c->offset += n;
    if (n < size) {
        c->state = data[n] == '0' && to_four(c->offset) == 0 ? CPIO_HEADER : CPIO_FOREIGN;
        c->have = 0;
    }
    return n;
}

size_t cpio_push(struct cpio *c, const void *data, size_t size)
{
    const unsigned char *bytes = data;
    size_t used = 0;

    /* A padding of nothing ends without a byte. */
    while (!c->problem && c->state != CPIO_FOREIGN) {
        if (c->state == CPIO_PADDING && c->padding == 0) {
            after_padding(c);
            continue;
        }
        if (used == size)
            break;
        switch (c->state) {
        case CPIO_BETWEEN:
            used += push_between(c, bytes + used, size - used);
            break;
        case CPIO_HEADER:
            used += push_header(c, bytes + used, size - used);
            break;
        case CPIO_NAME:
            used += push_name(c, bytes + used, size - used);
            break;
        case CPIO_BODY:
            used += push_body(c, bytes + used, size - used);
            break;
        case CPIO_PADDING:
            used += push_padding(c, size - used);
            break;
        case CPIO_FOREIGN:
            break;
        }
    }
    return used;
}

bool cpio_is_complete(const struct cpio *c)
{
    return !c->problem && c->archives > 0 && (c->state == CPIO_BETWEEN || c->state == CPIO_FOREIGN);
}
