/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/partition_type.h"

#include "base/crc32.h"
#include "base/fd.h"

#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* In a header of a GPT (UEFI specification, 5.3.2), and in the first sector. */
#define HEADER_SIZE        12
#define HEADER_CRC         16
#define HEADER_ENTRIES     72
#define HEADER_COUNT       80
#define HEADER_ENTRY_SIZE  84
#define HEADER_ENTRIES_CRC 88
#define GUID_SIZE          16
#define MBR_TYPE           450
#define MBR_ENTRY_SIZE     16
#define MBR_SIGNATURE      510

/* --- types --- */

/* "c12a7328-f81f-...": the first three numbers are little-endian (UEFI specification, appendix A).
 */
static int read_guid(const char *text, unsigned char ret[static GUID_SIZE])
{
    static const unsigned char order[GUID_SIZE] = {3, 2, 1,  0,  5,  4,  7,  6,
                                                   8, 9, 10, 11, 12, 13, 14, 15};
    unsigned n = 0;

    for (; n < GUID_SIZE; text += 2, n++) {
        unsigned value;
        char digits[3] = {text[0], text[0] ? text[1] : '\0'};

        if (n == 4 || n == 6 || n == 8 || n == 10) {
            if (*text != '-')
                return -EINVAL;
            text++;
            snprintf(digits, sizeof digits, "%.2s", text);
        }
        if (strspn(digits, "0123456789abcdefABCDEF") != 2 || sscanf(digits, "%x", &value) != 1)
            return -EINVAL;
        ret[order[n]] = (unsigned char)value;
    }
    return *text ? -EINVAL : 0;
}

static int read_mbr_type(const char *text, unsigned char *ret)
{
    char *end;
    unsigned long value = strtoul(text, &end, 16);

    if (strncmp(text, "0x", 2) != 0 || end == text + 2 || *end || value == 0 || value > 0xff)
        return -EINVAL;
    *ret = (unsigned char)value;
    return 0;
}

/* --- planning --- */

static void add_piece(struct partition_type_edit *edit, uint64_t offset, const void *before,
                      const void *after, unsigned size)
{
    struct partition_type_piece *p = &edit->pieces[edit->count++];

    *p = (struct partition_type_piece){.offset = offset, .size = size};
    memcpy(p->before, before, size);
    memcpy(p->after, after, size);
}

static uint32_t get32(const unsigned char *at)
{
    uint32_t value;

    memcpy(&value, at, sizeof value);
    return le32toh(value);
}

static uint64_t get64(const unsigned char *at)
{
    uint64_t value;

    memcpy(&value, at, sizeof value);
    return le64toh(value);
}

static void put32(unsigned char *at, uint32_t value)
{
    value = htole32(value);
    memcpy(at, &value, sizeof value);
}

/* One of the two tables, whose header is in @at and was found to be good. */
static int plan_table(const struct partition_type_table *t, uint64_t at, unsigned number,
                      const unsigned char from[static GUID_SIZE],
                      const unsigned char to[static GUID_SIZE], struct partition_type_edit *edit)
{
    _cleanup_free_ unsigned char *entries = NULL;
    unsigned char header[4096], crc[4];
    uint64_t entries_at;
    size_t size, entry, header_size;
    int r = t->read(t->userdata, at * t->sector, header, t->sector);

    if (r < 0)
        return r;
    entry = get32(header + HEADER_ENTRY_SIZE);
    size = (size_t)get32(header + HEADER_COUNT) * entry;
    entries_at = get64(header + HEADER_ENTRIES) * t->sector;
    header_size = get32(header + HEADER_SIZE);
    if (number == 0 || number > get32(header + HEADER_COUNT))
        return -EINVAL;
    if (size > GPT_ENTRIES_MAX || entry < GUID_SIZE || header_size > t->sector)
        return -ESTALE; /* it was good a moment ago */
    entries = malloc(size);
    if (!entries)
        return -ENOMEM;
    r = t->read(t->userdata, entries_at, entries, size);
    if (r < 0)
        return r;
    if (memcmp(entries + (number - 1) * entry, from, GUID_SIZE) != 0)
        return -ESTALE;
    memcpy(entries + (number - 1) * entry, to, GUID_SIZE);
    add_piece(edit, entries_at + (number - 1) * entry, from, to, GUID_SIZE);
    put32(crc, checksum_crc32(entries, size));
    add_piece(edit, at * t->sector + HEADER_ENTRIES_CRC, header + HEADER_ENTRIES_CRC, crc, 4);
    memcpy(header + HEADER_ENTRIES_CRC, crc, 4);
    memcpy(crc, header + HEADER_CRC, 4);
    put32(header + HEADER_CRC, 0);
    put32(header + HEADER_CRC, checksum_crc32(header, header_size));
    add_piece(edit, at * t->sector + HEADER_CRC, crc, header + HEADER_CRC, 4);
    return 0;
}

static int plan_gpt(const struct partition_type_table *t, unsigned number, const char *from,
                    const char *to, struct partition_type_edit *edit)
{
    unsigned char old[GUID_SIZE], new[GUID_SIZE];
    struct gpt_state state;
    int r = gpt_check(t->read, t->userdata, t->disk_size, t->sector, &state);

    if (r < 0)
        return r == -ENOENT ? -ENOTSUP : r;
    if (state.primary != GPT_GOOD || state.backup != GPT_GOOD)
        return -ENOTSUP;
    if (read_guid(from, old) < 0 || read_guid(to, new) < 0)
        return -EINVAL;
    r = plan_table(t, state.backup_at, number, old, new, edit);
    edit->of_copy = edit->count;
    return r < 0 ? r : plan_table(t, 1, number, old, new, edit);
}

static int plan_mbr(const struct partition_type_table *t, unsigned number, const char *from,
                    const char *to, struct partition_type_edit *edit)
{
    unsigned char sector[512], old, new;
    unsigned at;
    int r = t->read(t->userdata, 0, sector, sizeof sector);

    if (r < 0)
        return r;
    if (number == 0 || read_mbr_type(from, &old) < 0 || read_mbr_type(to, &new) < 0)
        return -EINVAL;
    /* The others are in a chain of sectors, one for each. */
    if (number > 4 || sector[MBR_SIGNATURE] != 0x55 || sector[MBR_SIGNATURE + 1] != 0xaa)
        return -ENOTSUP;
    at = MBR_TYPE + (number - 1) * MBR_ENTRY_SIZE;
    if (sector[at] != old)
        return -ESTALE;
    add_piece(edit, at, &old, &new, 1);
    return 0;
}

int partition_type_plan(const struct partition_type_table *t, unsigned number, const char *from,
                        const char *to, struct partition_type_edit *ret)
{
    struct partition_type_edit edit = {0};
    int r = t->is_gpt ? plan_gpt(t, number, from, to, &edit) : plan_mbr(t, number, from, to, &edit);

    if (r == 0)
        *ret = edit;
    return r;
}

/* --- a disk --- */

static int read_disk(void *userdata, uint64_t offset, void *ret, size_t size)
{
    const struct disk *d = userdata;
    ssize_t n = pread(d->node_fd, ret, size, (off_t)offset);

    return n < 0 ? -errno : (size_t)n < size ? -EIO : 0;
}

static int plan_on_disk(const struct disk *d, unsigned number, const char *from, const char *to,
                        struct partition_type_edit *ret)
{
    const struct partition_type_table t = {.read = read_disk,
                                           .userdata = (void *)d,
                                           .disk_size = d->size,
                                           .sector = d->sector_size,
                                           .is_gpt = strcmp(d->table, "gpt") == 0};

    if (!t.is_gpt && strcmp(d->table, "dos") != 0)
        return -ENOTSUP;
    return partition_type_plan(&t, number, from, to, ret);
}

bool partition_type_can_set(const struct disk *d, const struct volume *v, const char *to)
{
    struct partition_type_edit edit;

    return d->node_fd >= 0 && plan_on_disk(d, v->number, v->part_type, to, &edit) == 0;
}

static int write_piece(int fd, const struct partition_type_piece *p, const unsigned char *bytes)
{
    ssize_t n = pwrite(fd, bytes, p->size, (off_t)p->offset);

    return n < 0 ? -errno : n != (ssize_t)p->size ? -EIO : 0;
}

/* A disk that has lost power in between has one table that is whole: the first, or its copy. */
static int write_edit(int fd, const struct partition_type_edit *edit)
{
    unsigned done = 0;
    int r = 0;

    for (; r == 0 && done < edit->count; done++) {
        if (done == edit->of_copy && done > 0 && fdatasync(fd) < 0)
            r = -errno;
        if (r == 0)
            r = write_piece(fd, &edit->pieces[done], edit->pieces[done].after);
    }
    if (r == 0 && fdatasync(fd) < 0)
        r = -errno;
    for (unsigned i = 0; r < 0 && i < done; i++)
        (void)write_piece(fd, &edit->pieces[i], edit->pieces[i].before);
    if (r < 0)
        (void)fdatasync(fd);
    return r;
}

int partition_type_apply(struct disk *d, unsigned number, const char *from, const char *to)
{
    struct partition_type_edit edit;
    int r = plan_on_disk(d, number, from, to, &edit);

    if (r == 0)
        r = write_edit(d->node_fd, &edit);
    if (r < 0)
        return r;
    for (unsigned i = 0; i < d->volume_count; i++)
        if (d->volumes[i].number == number)
            snprintf(d->volumes[i].part_type, sizeof d->volumes[i].part_type, "%s", to);
    return 0;
}
