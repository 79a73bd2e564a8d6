/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/gpt.h"

#include "base/crc32.h"
#include "base/fd.h"

#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

struct header {
    char signature[8]; /* "EFI PART" */
    uint32_t revision, size, crc, reserved;
    uint64_t own, other; /* sectors of this header and of its copy */
    uint64_t first_usable, last_usable;
    unsigned char disk[16];
    uint64_t entries;
    uint32_t count, entry_size, entries_crc;
} __attribute__((packed));

#define HEADER_SIZE 92
_Static_assert(sizeof(struct header) == HEADER_SIZE, "the header of the UEFI specification");

struct reader {
    gpt_read_fn *read;
    void *userdata;
    uint64_t sectors;
    uint32_t sector;
};

static enum gpt_part damaged(char *problem, const char *what)
{
    snprintf(problem, 96, "%s", what);
    return GPT_DAMAGED;
}

/* The header's own checksum: over its size, with the field itself as zero. */
static bool header_crc_fits(const unsigned char *sector, size_t size)
{
    unsigned char copy[4096];
    uint32_t wanted;

    memcpy(copy, sector, size);
    memcpy(&wanted, copy + 16, sizeof wanted);
    memset(copy + 16, 0, sizeof wanted);
    return checksum_crc32(copy, size) == le32toh(wanted);
}

static int check_entries(const struct reader *r, const struct header *h, enum gpt_part *ret,
                         char *problem)
{
    size_t size = (size_t)le32toh(h->count) * le32toh(h->entry_size);
    uint64_t at = le64toh(h->entries);
    _cleanup_free_ unsigned char *entries = NULL;
    int failed;

    if (le32toh(h->entry_size) < 128 || le32toh(h->count) == 0 || size > GPT_ENTRIES_MAX ||
        at >= r->sectors || size > (r->sectors - at) * r->sector) {
        *ret = damaged(problem, "its entries lie where none can be");
        return 0;
    }
    entries = malloc(size);
    if (!entries)
        return -ENOMEM;
    failed = r->read(r->userdata, at * r->sector, entries, size);
    if (failed < 0)
        return failed;
    *ret = checksum_crc32(entries, size) == le32toh(h->entries_crc)
               ? GPT_GOOD
               : damaged(problem, "the checksum of its entries is wrong");
    return 0;
}

/* *ret_other: where the header says that its copy is; 0 when it is not good enough to say. */
static int check_header(const struct reader *r, uint64_t sector, enum gpt_part *ret, char *problem,
                        uint64_t *ret_other)
{
    unsigned char bytes[4096];
    struct header h;
    int failed;

    problem[0] = '\0';
    *ret_other = 0;
    *ret = GPT_ABSENT;
    if (sector >= r->sectors)
        return 0;
    failed = r->read(r->userdata, sector * r->sector, bytes, r->sector);
    if (failed < 0)
        return failed;
    memcpy(&h, bytes, sizeof h);
    if (memcmp(h.signature, "EFI PART", sizeof h.signature) != 0)
        return 0;
    if (le32toh(h.size) < HEADER_SIZE || le32toh(h.size) > r->sector) {
        *ret = damaged(problem, "its header has an impossible size");
        return 0;
    }
    if (!header_crc_fits(bytes, le32toh(h.size))) {
        *ret = damaged(problem, "the checksum of its header is wrong");
        return 0;
    }
    if (le64toh(h.own) != sector) {
        *ret = damaged(problem, "its header belongs elsewhere");
        return 0;
    }
    *ret_other = le64toh(h.other);
    return check_entries(r, &h, ret, problem);
}

int gpt_check(gpt_read_fn *read, void *userdata, uint64_t disk_size, uint32_t sector,
              struct gpt_state *ret)
{
    struct reader r = {read, userdata, sector ? disk_size / sector : 0, sector};
    struct gpt_state s = {0};
    uint64_t other, end, ignored;
    int failed;

    if (sector < 512 || sector > 4096 || r.sectors < 4)
        return -ENOENT;
    end = r.sectors - 1;
    failed = check_header(&r, 1, &s.primary, s.primary_problem, &other);
    if (failed == 0)
        failed = check_header(&r, end, &s.backup, s.backup_problem, &ignored);
    if (failed < 0)
        return failed;
    /* As many as can be counted in bytes. */
    if (s.primary == GPT_GOOD && other < UINT64_MAX / 4096)
        s.made_for = other + 1;
    s.backup_at_end = s.backup != GPT_ABSENT;
    s.backup_at = end;
    /* A disk that has grown keeps its copy where it ended before: that is in order. */
    if (s.backup == GPT_ABSENT && other > 1 && other != end) {
        failed = check_header(&r, other, &s.backup, s.backup_problem, &ignored);
        if (failed < 0)
            return failed;
        s.backup_at = other;
    }
    if (s.primary == GPT_ABSENT && s.backup == GPT_ABSENT)
        return -ENOENT;
    *ret = s;
    return 0;
}
